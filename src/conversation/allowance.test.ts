import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  allowanceOf,
  closedWindow,
  defaultAllowanceRules as rules,
  forBots,
  signedAt,
  type OutgoingCost,
  type Triggers,
} from './allowance.js'

const HOUR = 3600_000
const none: Triggers = {
  messageSeconds: null,
  messageReceivedAt: null,
  enterSeconds: null,
  enterReceivedAt: null,
  corrected: null,
}
const start = 1_700_000_000
const at = start * 1000
const message: Triggers = { ...none, messageSeconds: start, messageReceivedAt: at + 200 }
const enter: Triggers = { ...none, enterSeconds: start, enterReceivedAt: at + 200 }
const accepted = (sentAt: number): OutgoingCost => ({ state: 'accepted', sentAt })

describe('allowanceOf', () => {
  it('is nothing before the customer gave a sign', () => {
    expect(allowanceOf(none, [], rules, at)).toEqual({
      remaining: 0,
      expiresAt: null,
      source: 'none',
      corrected: false,
    })
  })

  it('is five for 48 hours after a message', () => {
    expect(allowanceOf(message, [], rules, at)).toMatchObject({
      remaining: 5,
      source: 'message',
      expiresAt: at + 48 * HOUR,
    })
    expect(allowanceOf(message, [], rules, at + 48 * HOUR - 1).remaining).toBe(5)
    expect(allowanceOf(message, [], rules, at + 48 * HOUR)).toMatchObject({ remaining: 0, source: 'none' })
  })

  it('is two for one minute after entering', () => {
    expect(allowanceOf(enter, [], rules, at + 59_999)).toMatchObject({ remaining: 2, source: 'enter' })
    expect(allowanceOf(enter, [], rules, at + 60_000).remaining).toBe(0)
  })

  it('is the larger of both, never the sum', () => {
    const both = { ...message, ...enter, messageSeconds: start, messageReceivedAt: at + 200 }
    expect(allowanceOf(both, [], rules, at).remaining).toBe(5)
    const four = Array.from({ length: 4 }, () => accepted(at + 300))
    expect(allowanceOf({ ...both, enterReceivedAt: at + 1000 }, four, rules, at)).toMatchObject({
      remaining: 2,
      source: 'enter',
    })
  })

  it('of a message that came late, counts what left since WeChat had it', () => {
    const late: Triggers = { ...none, messageSeconds: start, messageReceivedAt: at + 4000 }
    const left = [accepted(at + 2000), accepted(at + 3000), accepted(at - 1)]
    expect(allowanceOf(late, left, rules, at + 5000).remaining).toBe(3)
    const prompt: Triggers = { ...none, messageSeconds: start, messageReceivedAt: at + 999 }
    expect(allowanceOf(prompt, [accepted(at + 500)], rules, at + 5000).remaining).toBe(5)
    // WeChat does not try for so long: it is our clock that is ahead, and what it says of sends as well.
    const ahead: Triggers = { ...none, messageSeconds: start, messageReceivedAt: at + HOUR }
    expect(allowanceOf(ahead, [accepted(at + HOUR - 1000)], rules, at + HOUR).remaining).toBe(5)
  })

  it('counts what is on its way, arrived, or may have arrived, and gives back what failed', () => {
    const spendings: OutgoingCost[] = [
      { state: 'queued', sentAt: null },
      { state: 'sending', sentAt: null },
      { state: 'unknown', sentAt: at + 300 },
      accepted(at + 300),
      { state: 'failed', sentAt: at + 300 },
      { state: 'cancelled', sentAt: null },
    ]
    expect(allowanceOf(message, spendings, rules, at).remaining).toBe(1)
  })

  it('does not count what was sent before the trigger', () => {
    expect(allowanceOf(message, [accepted(at - 1), accepted(at + 199)], rules, at).remaining).toBe(5)
  })

  it('is nothing once WeChat has said so, until the next sign', () => {
    for (const corrected of ['count', 'window'] as const)
      expect(allowanceOf({ ...message, corrected }, [], rules, at)).toMatchObject({
        remaining: 0,
        corrected: true,
      })
  })

  it('leaves people their reserve of what a message gave', () => {
    expect(forBots(allowanceOf(message, [], rules, at), rules)).toBe(3)
    expect(forBots(allowanceOf(enter, [], rules, at), rules)).toBe(2)
  })

  it('is never negative, never above the larger maximum, and never grows by spending', () => {
    const spending = fc.record({
      state: fc.constantFrom('queued', 'sending', 'accepted', 'unknown', 'failed', 'cancelled'),
      sentAt: fc.option(fc.integer({ min: at - HOUR, max: at + HOUR })),
    }) as fc.Arbitrary<OutgoingCost>
    const second = fc.option(fc.integer({ min: start - 200_000, max: start }))
    const triggers = fc.record({ m: second, e: second }).map(({ m, e }): Triggers => ({
      messageSeconds: m,
      messageReceivedAt: m === null ? null : m * 1000,
      enterSeconds: e,
      enterReceivedAt: e === null ? null : e * 1000,
      corrected: null,
    }))
    fc.assert(
      fc.property(triggers, fc.array(spending), spending, (trigger, spendings, one) => {
        const before = allowanceOf(trigger, spendings, rules, at)
        const after = allowanceOf(trigger, [...spendings, one], rules, at)
        expect(before.remaining).toBeGreaterThanOrEqual(0)
        expect(before.remaining).toBeLessThanOrEqual(rules.afterMessage)
        expect(after.remaining).toBeLessThanOrEqual(before.remaining)
        expect(forBots(before, rules)).toBeLessThanOrEqual(before.remaining)
      }),
    )
  })
})

describe('closedWindow', () => {
  it('says why nothing may leave any more', () => {
    expect(closedWindow(none, at)).toBe('window_expired')
    expect(closedWindow(message, at + 48 * HOUR - 1)).toBeUndefined()
    expect(closedWindow(message, at + 48 * HOUR)).toBe('window_expired')
    expect(closedWindow(enter, at + 59_999)).toBeUndefined()
    expect(closedWindow({ ...message, corrected: 'count' }, at)).toBe('count_used')
    expect(closedWindow({ ...message, corrected: 'window' }, at)).toBe('window_expired')
  })

  it('is open wherever the estimate leaves something, whatever was sent', () => {
    const second = fc.option(fc.integer({ min: start - 200_000, max: start }))
    const corrected = fc.constantFrom(null, null, null, 'count', 'window')
    fc.assert(
      fc.property(second, second, corrected, fc.nat({ max: 7 }), (m, e, word, sent) => {
        const triggers: Triggers = {
          messageSeconds: m,
          messageReceivedAt: m === null ? null : m * 1000,
          enterSeconds: e,
          enterReceivedAt: e === null ? null : e * 1000,
          corrected: word,
        }
        const spendings = Array.from({ length: sent }, () => accepted(at))
        const open = closedWindow(triggers, at) === undefined
        if (allowanceOf(triggers, spendings, rules, at).remaining > 0) expect(open).toBe(true)
        expect(allowanceOf(triggers, [], rules, at).remaining > 0).toBe(open)
      }),
    )
  })
})

describe('signedAt', () => {
  it('is when the sign came, as long as the clock goes on', () => {
    expect(signedAt(at + 5000, message, [accepted(at + 9000)])).toBe(at + 5000)
    expect(signedAt(at, none, [])).toBe(at)
  })

  it('is after all that was sent before it, where the clock was put back meanwhile', () => {
    const costs = [accepted(at + 9000), accepted(at + 300), { state: 'queued', sentAt: null } as const]
    const back = at - HOUR
    const signed = signedAt(back, message, costs)
    expect(signed).toBeGreaterThan(at + 9000)
    const next = { ...message, messageSeconds: start + 60, messageReceivedAt: signed }
    // What is still on its way counts, what had left does not.
    expect(allowanceOf(next, costs, rules, back)).toMatchObject({ remaining: 4, source: 'message' })
  })
})
