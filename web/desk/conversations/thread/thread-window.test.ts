import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  placeOf,
  stretchOf,
  windowAround,
  windowAtEnd,
  windowEarlier,
  windowLater,
  windowSizes,
  type ThreadWindow,
} from './thread-window.js'

/** Ids as a workspace gives them: they grow, with gaps. */
const thread = (count: number, before = 0): { id: number }[] =>
  Array.from({ length: count }, (_, index) => ({ id: before + (index + 1) * 3 }))
const at = (messages: { id: number }[], window: ThreadWindow, follows = false) =>
  stretchOf(messages, window, { follows })

describe('what of a thread is in the page', () => {
  it('is the end at first, and what comes to it', () => {
    const messages = thread(5000)
    const window = windowAtEnd(messages)
    expect(at(messages, window, true)).toEqual({ from: 4950, to: 5000 })
    expect(at([...messages, { id: 15_001 }], window, true)).toEqual({ from: 4950, to: 5001 })
    expect(at(thread(7), windowAtEnd(thread(7)))).toEqual({ from: 0, to: 7 })
    expect(at([], windowAtEnd([]))).toEqual({ from: 0, to: 0 })
  })

  it('has a message with what is around it', () => {
    const messages = thread(5000)
    expect(at(messages, windowAround(messages, 3000))).toEqual({ from: 974, to: 1034 })
    expect(at(messages, windowAround(messages, 3))).toEqual({ from: 0, to: 60 })
    expect(at(messages, windowAround(messages, 15_000))).toEqual({ from: 4950, to: 5000 })
    expect(at(messages, windowAround(messages, 3000, 5))).toEqual({ from: 994, to: 1054 })
  })

  it('slides up and down, and lets go only of what is out of sight', () => {
    const messages = thread(5000)
    let window = windowAtEnd(messages)
    window = windowEarlier(messages, at(messages, window), 5)
    expect(at(messages, window)).toEqual({ from: 4930, to: 4995 })
    window = windowEarlier(messages, at(messages, window), 40)
    expect(at(messages, window)).toEqual({ from: 4910, to: 4970 })
    for (let times = 0; times < 4; times++) window = windowEarlier(messages, at(messages, window), 0)
    expect(at(messages, window)).toEqual({ from: 4830, to: 4970 })
    // Nothing is out of sight, and no more may be there: it stays.
    window = windowEarlier(messages, at(messages, window), 0)
    expect(at(messages, window)).toEqual({ from: 4830, to: 4970 })
    window = windowLater(messages, at(messages, window), 100)
    expect(at(messages, window)).toEqual({ from: 4930, to: 4990 })
    window = windowLater(messages, at(messages, window), 100)
    expect(at(messages, window)).toEqual({ from: 4940, to: 5000 })
    expect(window.last).toBeNull()
  })

  it('stays where it is while older messages are read above it', () => {
    const messages = thread(100, 3000)
    const window = windowEarlier(messages, at(messages, windowAtEnd(messages)), 0)
    const more = [...thread(50, 1000), ...messages]
    expect(at(more, window)).toEqual({ from: 80, to: 150 })
  })

  it('stays where it is while thousands come below it', () => {
    const messages = thread(60)
    const window = windowAtEnd(messages)
    expect(at(thread(3000), window)).toEqual({ from: 10, to: 150 })
    expect(at(thread(3000), window, true)).toEqual({ from: 2860, to: 3000 })
  })

  it('shows the end when what it showed is gone', () => {
    const messages = thread(300)
    const window = windowAround(messages, 30)
    expect(at(thread(70, 90_000), window)).toEqual({ from: 20, to: 70 })
  })

  it('whatever comes and wherever one scrolls, it is whole, never empty and never too large', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constantFrom('earlier', 'later'), spare: fc.nat(200) }),
      fc.record({ do: fc.constantFrom('older', 'newer'), spare: fc.integer({ min: 1, max: 400 }) }),
      fc.record({ do: fc.constantFrom('around'), spare: fc.nat(2000) }),
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.array(step, { maxLength: 40 }), (count, steps) => {
        let messages = thread(count, 100_000)
        let window = windowAtEnd(messages)
        for (const { do: what, spare } of steps) {
          const now = at(messages, window)
          if (what === 'earlier')
            window = windowEarlier(messages, now, Math.min(spare, now.to - now.from - 1))
          else if (what === 'later')
            window = windowLater(messages, now, Math.min(spare, now.to - now.from - 1))
          else if (what === 'around')
            window = windowAround(messages, messages[spare % messages.length]?.id ?? 0)
          else {
            const first = messages[now.from]
            if (what === 'older')
              messages = [...thread(spare, (messages[0]?.id ?? 0) - 3 * spare - 3), ...messages]
            else messages = [...messages, ...thread(spare, messages.at(-1)?.id ?? 0)]
            // What was at the top of it still is.
            expect(messages[at(messages, window).from]).toBe(first)
          }
          const { from, to } = at(messages, window)
          expect(from).toBeLessThan(to)
          expect(to).toBeLessThanOrEqual(messages.length)
          expect(to - from).toBeLessThanOrEqual(windowSizes.most)
        }
      }),
    )
  })

  it('is found in few steps', () => {
    let reads = 0
    const messages = thread(5000).map(({ id }) => ({
      get id() {
        reads++
        return id
      },
    }))
    expect(placeOf(messages, 9000)).toBe(2999)
    expect(reads).toBeLessThan(20)
  })
})
