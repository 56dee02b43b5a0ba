import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileRules } from './compile.js'
import { explainRules } from './explain.js'
import type { Facts } from './facts.js'
import { problemsText } from './rule-problem.js'
import type { Comparison, Hours, Rule, RuleSet } from './rule-set.js'
import { parseRules, serialiseRules } from './rules-file.js'
import { runs } from '../../test/support/property-runs.js'

// Small alphabets, so that rules and messages meet often.
const words = ['退款', '退货', '订单', 'a', 'B', '订单 7', 'aB退款']
const patterns = ['^订单\\s*(\\d+)$', '退(款|货)', '^[a-z]+', '\\d', '^$|B']
const tagNames = ['vip', 'old', 'new']
const events = ['user_enter_tempsession', 'wxa_media_check']
const types = ['text', 'image', 'miniprogrampage'] as const
const zones = ['Asia/Shanghai', 'America/New_York', 'UTC']

const optional = { requiredKeys: [] }
const oneOrMore = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T | T[]> =>
  fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 3 }))

const comparison: fc.Arbitrary<Comparison> = fc
  .record(
    {
      equals: oneOrMore(fc.constantFrom(...words)),
      contains: oneOrMore(fc.constantFrom(...words)),
      matches: oneOrMore(fc.constantFrom(...patterns)),
      caseSensitive: fc.boolean(),
    },
    optional,
  )
  .filter(({ equals, contains, matches }) => (equals ?? contains ?? matches) !== undefined)

const time = fc.integer({ min: 0, max: 23 }).map((hour) => `${String(hour).padStart(2, '0')}:00`)
const span = fc
  .tuple(time, time)
  .filter(([start, end]) => start !== end)
  .map((both) => both.join('-'))
const date = fc.constantFrom('2026-10-01', '2026-10-02', '2026-10-03', '2026-10-04')
const hours: fc.Arbitrary<Hours> = fc
  .tuple(
    fc.oneof(fc.record({ within: span }), fc.record({ outside: span })),
    fc.record(
      {
        zone: fc.constantFrom(...zones),
        days: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
        holidays: fc.array(date, { maxLength: 2 }),
        workdays: fc.array(date, { maxLength: 2 }),
      },
      { requiredKeys: ['zone'] },
    ),
  )
  .map(([when, calendar]) => ({ ...when, ...calendar }))
  .filter(({ holidays = [], workdays = [] }) => !workdays.some((day) => holidays.includes(day)))

const tags = fc
  .record(
    {
      any: oneOrMore(fc.constantFrom(...tagNames)),
      all: oneOrMore(fc.constantFrom(...tagNames)),
      none: oneOrMore(fc.constantFrom(...tagNames)),
    },
    optional,
  )
  .filter(({ any, all, none }) => (any ?? all ?? none) !== undefined)

const rest = { sessionFrom: comparison, hours, tags }
const when: fc.Arbitrary<Rule['when']> = fc.oneof(
  fc.record({ event: fc.constantFrom(...events), ...rest }, { requiredKeys: ['event'] }),
  fc.record({ type: oneOrMore(fc.constantFrom(...types)), ...rest }, optional),
  fc.record({ text: comparison, ...rest }, optional),
)

const line = fc.stringMatching(/^[^{}\s\p{Cc}](?:[^{}\p{Cc}]{0,10}[^{}\s\p{Cc}])?$/u)
const isAiMsg = fc.record({ isAiMsg: fc.boolean() }, optional)
const reply = fc
  .tuple(
    fc.oneof(
      fc.record({ text: fc.oneof(line, fc.constant('{{contact.name}} {{ sessionFrom }}')) }),
      fc.record({ image: fc.record({ mediaId: line }) }),
      fc.record({
        link: fc.record({
          title: line,
          description: fc.oneof(line, fc.constant('')),
          url: fc.webUrl({ withQueryParameters: true }),
          thumbUrl: fc.webUrl(),
        }),
      }),
      fc.record({ miniprogrampage: fc.record({ title: line, pagePath: line, thumbMediaId: line }) }),
    ),
    isAiMsg,
  )
  .map(([content, ai]) => ({ ...content, ...ai }))
const then: fc.Arbitrary<Rule['then']> = fc.array(
  fc.oneof(fc.record({ reply }), fc.record({ tag: line }), fc.record({ handoff: line })),
  { maxLength: 4 },
)
const rule = fc
  .record(
    { name: fc.constant(''), enabled: fc.boolean(), when, then },
    { requiredKeys: ['name', 'when', 'then'] },
  )
  .filter((each) => each.then.filter((action) => 'handoff' in action).length < 2)
const ruleSet: fc.Arbitrary<RuleSet> = fc
  .array(rule, { maxLength: 8 })
  .map((rules) => ({ rules: rules.map((each, index) => ({ ...each, name: `规则 ${index}` })) }))

const moment = fc.integer({
  min: Date.parse('2026-09-30T00:00:00Z'),
  max: Date.parse('2026-10-06T00:00:00Z'),
})
const known = {
  sessionFrom: fc.option(fc.constantFrom(...words)),
  tags: fc.subarray(tagNames),
  now: moment,
  contact: fc.record({ name: fc.option(line) }),
}
const facts: fc.Arbitrary<Facts> = fc.oneof(
  fc.record({
    kind: fc.constant('message' as const),
    word: fc.constant('text'),
    text: fc.constantFrom(...words, '要退款', 'x'),
    ...known,
  }),
  fc.record({
    kind: fc.constant('message' as const),
    word: fc.constantFrom('image', 'miniprogrampage', 'voice'),
    text: fc.constant(undefined),
    ...known,
  }),
  fc.record({
    kind: fc.constant('event' as const),
    word: fc.constantFrom(...events, 'debug_demo'),
    text: fc.constant(undefined),
    ...known,
  }),
)

describe('a rules file', () => {
  it('is read as it was written, whatever stands in it', () => {
    fc.assert(
      fc.property(ruleSet, (set) => {
        const text = serialiseRules(set)
        const checked = parseRules(text)
        if (!checked.ok) throw new Error(problemsText(checked.problems))
        expect(checked.rules).toEqual(set)
        expect(serialiseRules(checked.rules)).toBe(text)
      }),
    )
  })
})

describe('compiled rules', () => {
  it('answer as someone who reads them from the top', () => {
    fc.assert(
      fc.property(ruleSet, fc.array(facts, { minLength: 1, maxLength: 5 }), (set, asked) => {
        const compiled = compileRules(set)
        for (const each of asked)
          expect(compiled.decide(each)?.name).toBe(
            set.rules.find((candidate) => reads(candidate, each))?.name,
          )
      }),
      { numRuns: runs(500) },
    )
  })

  it('are explained as they answer', () => {
    fc.assert(
      fc.property(ruleSet, facts, (set, asked) => {
        const compiled = compileRules(set)
        const { answer, rules } = explainRules(compiled, asked)
        expect(answer?.rule).toBe(compiled.decide(asked)?.name)
        for (const [index, { verdict, reasons }] of rules.entries()) {
          const matches = reads(set.rules[index]!, asked)
          expect(verdict === 'answers' || verdict === 'too_late').toBe(matches)
          expect(reasons.length > 0).toBe(verdict !== 'answers')
        }
      }),
      { numRuns: runs(500) },
    )
  })
})

/** Whether a rule answers these facts: the words of the contract, one after the other, with nothing prepared. */
function reads({ enabled = true, when: wanted }: Rule, given: Facts): boolean {
  if (!enabled) return false
  if (
    wanted.event === undefined
      ? given.kind !== 'message'
      : given.kind !== 'event' || given.word !== wanted.event
  )
    return false
  if (wanted.type && !array(wanted.type).some((type) => type === given.word)) return false
  if (wanted.text && !compares(wanted.text, given.text)) return false
  if (wanted.sessionFrom && !compares(wanted.sessionFrom, given.sessionFrom ?? undefined)) return false
  if (wanted.hours) {
    // Named hours are not there.
    if (!('zone' in wanted.hours)) return 'closed' in wanted.hours
    if ('within' in wanted.hours !== isOpen(wanted.hours, given.now)) return false
  }
  const has = (tag: string): boolean => given.tags.includes(tag)
  if (wanted.tags?.any && !array(wanted.tags.any).some(has)) return false
  if (wanted.tags?.all && !array(wanted.tags.all).every(has)) return false
  return !(wanted.tags?.none && array(wanted.tags.none).some(has))
}

function compares(
  { equals, contains, matches, caseSensitive }: Comparison,
  text: string | undefined,
): boolean {
  if (text === undefined) return false
  const same = (each: string): string => (caseSensitive ? each : each.toLowerCase())
  if (equals && !array(equals).some((each) => same(each) === same(text))) return false
  if (contains && !array(contains).some((each) => same(text).includes(same(each)))) return false
  return !matches || array(matches).some((each) => new RegExp(each, caseSensitive ? 'u' : 'iu').test(text))
}

/** Minute by minute as a calendar on the wall: is the moment in a span that started today or yesterday? */
function isOpen(asked: Hours, now: number): boolean {
  const local = new Intl.DateTimeFormat('sv-SE', {
    timeZone: asked.zone,
    dateStyle: 'short',
    timeStyle: 'short',
  })
  const [day = '', clock = ''] = local.format(now).split(' ')
  const [start = '', end = ''] = ('within' in asked ? asked.within : asked.outside).split('-')
  const before = new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10)
  const worked = (date: string): boolean => {
    if (asked.workdays?.includes(date)) return true
    const weekday = new Date(date).getUTCDay() || 7
    return (asked.days ?? [1, 2, 3, 4, 5, 6, 7]).includes(weekday) && !asked.holidays?.includes(date)
  }
  if (start < end) return worked(day) && clock >= start && clock < end
  return (worked(day) && clock >= start) || (worked(before) && clock < end)
}

function array<T extends string>(value: T | readonly T[]): readonly T[] {
  return typeof value === 'string' ? [value] : value
}
