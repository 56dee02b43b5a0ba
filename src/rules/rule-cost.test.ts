import { describe, expect, it } from 'vitest'
import { compileRules, compilingRules } from './compile.js'
import { explaining } from './explain.js'
import type { Facts } from './facts.js'
import { checkingRules, checkRules } from './rule-check.js'
import type { RuleSet } from './rule-set.js'
import { inSlices, MESSAGE_STEPS, SLICE_STEPS, Steps, TooManySteps, type Work } from './steps.js'

const then = [{ reply: { text: '好' } }]
const matching = (patterns: readonly string[]): RuleSet => ({
  rules: patterns.map((matches, i) => ({ name: `r${i}`, when: { text: { matches } }, then })),
})
const saying = (text: string): Facts => ({
  kind: 'message',
  word: 'text',
  text,
  sessionFrom: null,
  tags: [],
  now: 0,
  contact: { name: null },
})
const HOSTILE = '[ab]*a[ab]{480}c'
const hostileText = Array.from({ length: 2048 }, (_, i) => 'ab'.charAt(((i * 7919) % 13) & 1)).join('')

/** Does work in slices, and gives what each of them took. */
async function slicesOf<T>(
  make: (steps: Steps) => Work<T>,
  most = Infinity,
): Promise<{ result: T; slices: number[] }> {
  const slice = { used: 0 }
  const steps = new Steps(most, slice)
  const slices: number[] = []
  const result = await inSlices(make(steps), steps, () => Promise.resolve(slices.push(slice.used)))
  return { result, slices: [...slices, slice.used] }
}

describe('a rule set', () => {
  const size = (pattern: string): number => {
    const checked = checkRules(matching([pattern]))
    return checked.ok ? checked.programSum : NaN
  }

  it('may have 50,000 steps of all expressions together, counted as often as they are written', () => {
    const most = Math.floor(50_000 / size(HOSTILE))
    expect(checkRules(matching(Array.from({ length: most }, () => HOSTILE))).ok).toBe(true)
    const more = checkRules(matching(Array.from({ length: most + 1 }, () => HOSTILE)))
    expect(more).toMatchObject({ ok: false, problems: [{ rule: null, path: 'rules' }] })
    const inOne = {
      rules: [
        { name: 'r', when: { text: { matches: Array.from({ length: most + 1 }, () => HOSTILE) } }, then },
      ],
    }
    expect(checkRules(inOne).ok).toBe(false)
    const bySource = {
      rules: [
        {
          name: 'r',
          when: { sessionFrom: { matches: Array.from({ length: most + 1 }, () => HOSTILE) } },
          then,
        },
      ],
    }
    expect(checkRules(bySource).ok).toBe(false)
  })

  it('goes on as it is where an earlier version saved more', async () => {
    const set = matching(Array.from({ length: 120 }, () => HOSTILE))
    const { result } = await slicesOf((steps) => checkingRules(set, steps, { saved: true }))
    expect(result).toMatchObject({ ok: true })
  })

  it('that would be a program of a million instructions is refused without being built', async () => {
    const set = matching(Array.from({ length: 900 }, (_, i) => `${i}(?:${'a'.repeat(900)}){1000}`))
    const { result, slices } = await slicesOf((steps) => checkingRules(set, steps))
    expect(result.ok).toBe(false)
    expect(slices.length).toBeGreaterThan(100)
  })

  it('is compared in slices of at most so many steps, whatever the text and the expressions', async () => {
    const compiled = compileRules(
      matching([...Array.from({ length: 4 }, (_, i) => `${HOSTILE}|x${i}`), 'b$']),
    )
    for (const text of [hostileText, 'a'.repeat(2048), '退款']) {
      const { slices } = await slicesOf((steps) => explaining(compiled, saying(text), steps))
      for (const used of slices) expect(used).toBeLessThanOrEqual(SLICE_STEPS)
    }
    const words = {
      rules: [
        {
          name: 'w',
          when: { text: { contains: Array.from({ length: 1000 }, (_, i) => `${'a'.repeat(500)}b${i}`) } },
          then,
        },
      ],
    }
    const { slices } = await slicesOf((steps) =>
      compileRules(words).answering(saying('a'.repeat(64 * 1024)), steps),
    )
    expect(slices.length).toBeGreaterThan(100)
    for (const used of slices) expect(used).toBeLessThanOrEqual(SLICE_STEPS)
  })

  it('that takes too long for a text says so, and names no rule', async () => {
    const compiled = compileRules(matching(Array.from({ length: 60 }, (_, i) => `${HOSTILE}${i}`)))
    const { result } = await slicesOf(
      (steps) => explaining(compiled, saying(hostileText), steps),
      MESSAGE_STEPS,
    )
    expect(result.answer).toBeNull()
    expect(result.rules.every(({ reasons }) => reasons[0]?.en.startsWith('not tried'))).toBe(true)
    await expect(
      slicesOf((steps) => compiled.foreseeing({ word: 'text', text: hostileText }, steps), MESSAGE_STEPS),
    ).rejects.toThrow(TooManySteps)
    expect(
      compileRules({
        rules: [{ name: 't', when: { text: { matches: HOSTILE } }, then: [{ transfer: true }] }],
      }).mayTransfer({ word: 'text', text: hostileText }),
    ).toBe(true)
  })

  it('looks for nothing again that was foreseen', async () => {
    const compiled = compileRules(matching([HOSTILE, '(\\d+)$']))
    const text = `${hostileText.slice(0, 300)}7`
    const { result: foreseen } = await slicesOf((steps) => compiled.foreseeing({ word: 'text', text }, steps))
    const steps = new Steps(Infinity)
    const answer = await inSlices(compiled.answering(saying(text), steps, foreseen), steps, () =>
      Promise.resolve(),
    )
    expect(answer?.rule.name).toBe('r1')
    expect(steps.total).toBeLessThan(10)
  })

  it('is compiled in slices too', async () => {
    const set = matching(Array.from({ length: 50 }, (_, i) => `${HOSTILE}${i}`))
    const { result, slices } = await slicesOf((steps) => compilingRules(set, steps))
    expect(result.rules).toHaveLength(50)
    expect(slices.length).toBeGreaterThan(40)
  })

  it('is looked through in slices where its texts are long', async () => {
    const text = '请您稍等。ab'.repeat(800)
    const set: RuleSet = {
      rules: Array.from({ length: 60 }, (_, i) => ({ name: `r${i}`, when: {}, then: [{ reply: { text } }] })),
    }
    const { result, slices } = await slicesOf((steps) => checkingRules(set, steps))
    expect(result.ok).toBe(false)
    expect(slices.length).toBeGreaterThan(60)
  })

  it('is not looked through day by day where there are more than may be', () => {
    const hours = { outside: '09:00-18:00', zone: 'Asia/Shanghai', holidays: Array(60_000).fill({}) }
    expect(checkRules({ rules: [{ name: 'r', when: { hours }, then }] })).toMatchObject({
      ok: false,
      problems: [
        { rule: 'r', path: 'rules[0].when.hours.holidays', message: 'must not hold more than 1000' },
      ],
    })
  })
})
