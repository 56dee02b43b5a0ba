import { z } from 'zod'
import { ruleIssue } from '../protocol/rule-problems.js'
import { ExpressionCheck } from './expression-check.js'
import type { Expressions } from './expression.js'
import { contradictions } from './rule-contradictions.js'
import { problemAt, problemsOf, type Problem } from './rule-problem.js'
import { ruleSchema, scheduleSchema, type Rule, type RuleSet, type When } from './rule-set.js'
import { ruleWarnings, textSteps, type RepliesAllowed } from './rule-warning.js'
import { atOnce, Steps, type Work } from './steps.js'

/** A rules file that can work, with what is doubtful about it; or everything that keeps it from working. */
export type Checked =
  | {
      readonly ok: true
      readonly rules: RuleSet
      readonly warnings: readonly Problem[]
      /** Its expressions, compiled. */
      readonly expressions: Expressions
      /** How many instructions these have together, each as often as it stands there. */
      readonly programSum: number
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }

const outerSchema = z.strictObject({
  rules: z.array(z.unknown()).max(10_000),
  schedules: z.array(z.unknown()).max(50).exactOptional(),
})

/** How rules are to be read. */
export interface CheckOptions {
  /** How many replies a bot may send; WeChat's numbers when not given. */
  readonly allowed?: RepliesAllowed | undefined
  /** They were saved by an earlier version, which took more: all together they may cost what they do. */
  readonly saved?: boolean
}

/**
 * Reads rules from JSON that was parsed: every problem at once, each with its rule, its field and what would be
 * right. `allowed` is how many replies a bot may send, WeChat's numbers when not given.
 */
export function checkRules(value: unknown, allowed?: RepliesAllowed): Checked {
  return atOnce(checkingRules(value, new Steps(Infinity), { allowed }))
}

/** The same as work that can be interrupted: of a large set it takes seconds. */
export function* checkingRules(
  value: unknown,
  steps: Steps,
  { allowed, saved = false }: CheckOptions = {},
): Work<Checked> {
  const outer = outerSchema.safeParse(value)
  if (!outer.success) {
    const problems = problemsOf(outer.error, value, null, [])
    return { ok: false, problems: problems.map((each) => ({ ...each, message: describe(each) })) }
  }
  const problems: Problem[] = []
  const rules: Rule[] = []
  const uses: ScheduleUse[] = []
  const firstOfName = new Map<string, number>()
  const expressions = new ExpressionCheck()
  for (const [index, raw] of outer.data.rules.entries()) {
    if (steps.room < RULE_STEPS) yield
    steps.use(RULE_STEPS)
    const name = nameOf(raw)
    const long = saved ? [] : tooManyDates(raw, index)
    if (long.length > 0) {
      problems.push(...long)
      continue
    }
    const parsed = ruleSchema.safeParse(raw)
    const texts = parsed.success ? textSteps(parsed.data) : 0
    if (texts > steps.room) yield
    steps.use(texts)
    if (parsed.success) {
      rules.push(parsed.data)
      const schedule = scheduleOf(parsed.data.when)
      if (schedule !== undefined) uses.push({ index, rule: parsed.data.name, schedule })
    }
    const first = name === null ? undefined : firstOfName.get(name)
    if (name !== null && first === undefined) firstOfName.set(name, index)
    if (!parsed.success) problems.push(...problemsOf(parsed.error, raw, name, ['rules', index]))
    const wrong = yield* expressions.look(raw, steps, saved)
    for (const each of wrong) problems.push(problemAt(['rules', index], name, each))
    if (parsed.success && wrong.length === 0)
      for (const each of contradictions(parsed.data, expressions.compiled))
        problems.push(problemAt(['rules', index], parsed.data.name, each))
    if (first !== undefined)
      problems.push(
        problemAt(['rules', index], name, {
          path: ['name'],
          message: `is the name of rules[${first}] already: each rule needs its own`,
          issue: ruleIssue('name_taken', { place: first }),
        }),
      )
  }
  if (expressions.problem !== undefined && !saved)
    problems.push(problemAt(['rules'], null, expressions.problem))
  const schedules = outer.data.schedules?.flatMap((raw, index) => {
    const parsed = scheduleSchema.safeParse(raw)
    if (parsed.success) return parsed.data
    problems.push(...problemsOf(parsed.error, raw, null, ['schedules', index]))
    return []
  })
  if (schedules !== undefined) problems.push(...nameProblems(schedules), ...unknownSchedules(uses, schedules))
  if (problems.length > 0) return { ok: false, problems }
  const warnings = yield* ruleWarnings(rules, steps, allowed)
  const set = schedules === undefined || schedules.length === 0 ? { rules } : { rules, schedules }
  return {
    ok: true,
    rules: set,
    warnings,
    expressions: expressions.compiled,
    programSum: expressions.sum,
  }
}

const MOST_DATES = 1000

/** More days than may be saved, which are then not looked at one by one. */
function tooManyDates(raw: unknown, index: number): Problem[] {
  const hours = fieldOf(fieldOf(raw, 'when'), 'hours')
  return ['holidays', 'workdays'].flatMap((field) => {
    const value = fieldOf(hours, field)
    return Array.isArray(value) && value.length > MOST_DATES
      ? problemAt(['rules', index], nameOf(raw), {
          path: ['when', 'hours', field],
          message: `must not hold more than ${MOST_DATES}`,
          issue: ruleIssue('too_many', { limit: MOST_DATES }),
        })
      : []
  })
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}

/** Steps to read a rule, beside its expressions. */
const RULE_STEPS = 1000

type Schedules = NonNullable<RuleSet['schedules']>

function nameProblems(schedules: Schedules): Problem[] {
  return schedules.flatMap(({ name, dates = [] }, index) => {
    const here = ['schedules', index]
    const first = schedules.findIndex((each) => each.name === name)
    const seen = new Set<string>()
    const twice = dates.findIndex(({ date }) => seen.has(date) || !seen.add(date))
    return [
      ...(first === index
        ? []
        : [
            problemAt(here, null, {
              path: ['name'],
              message: `is the name of schedules[${first}] already`,
              issue: ruleIssue('name_taken', { place: first }),
            }),
          ]),
      ...(twice === -1
        ? []
        : [
            problemAt(here, null, {
              path: ['dates', twice],
              message: 'names a day a second time',
              issue: ruleIssue('date_twice'),
            }),
          ]),
    ]
  })
}

/** A rule, by its place, and the name of the business hours that it uses. */
interface ScheduleUse {
  readonly index: number
  readonly rule: string
  readonly schedule: string
}

function unknownSchedules(uses: readonly ScheduleUse[], schedules: Schedules): Problem[] {
  const names = new Set(schedules.map(({ name }) => name))
  const known = names.size === 0 ? 'there are none' : `there are "${[...names].join('", "')}"`
  return uses
    .filter(({ schedule }) => !names.has(schedule))
    .map(({ index, rule, schedule }) =>
      problemAt(['rules', index], rule, {
        path: ['when', 'hours'],
        message: `names the business hours "${schedule}", which are not there: ${known}`,
        issue: ruleIssue('hours_unknown', { name: schedule }),
      }),
    )
}

function scheduleOf({ hours }: When): string | undefined {
  if (hours === undefined) return undefined
  if ('open' in hours) return hours.open
  return 'closed' in hours ? hours.closed : undefined
}

function describe(problem: Problem): string {
  return problem.path === ''
    ? 'must be an object with the one key "rules": { "rules": […] }'
    : 'must be a list of at most 10000 rules'
}

function nameOf(raw: unknown): string | null {
  const name: unknown = typeof raw === 'object' && raw !== null ? Reflect.get(raw, 'name') : undefined
  return typeof name === 'string' && name !== '' ? name.slice(0, 64) : null
}
