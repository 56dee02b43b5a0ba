import { z } from 'zod'
import { limits, splitText } from '../wechat/index.js'
import { compileExpression } from './expression.js'
import { textsOf } from './reply.js'
import { pathText, problemsOf, type Problem } from './rule-problem.js'
import {
  listOf,
  ruleSchema,
  scheduleSchema,
  type Hours,
  type Reply,
  type Rule,
  type RuleSet,
  type When,
} from './rule-set.js'
import { ruleWarnings, type RepliesAllowed } from './rule-warning.js'
import { templateProblem } from './template.js'

/** A rules file that can work, with what is doubtful about it; or everything that keeps it from working. */
export type Checked =
  | { readonly ok: true; readonly rules: RuleSet; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] }

const outerSchema = z.strictObject({
  rules: z.array(z.unknown()).max(10_000),
  schedules: z.array(z.unknown()).max(50).exactOptional(),
})

/**
 * Reads rules from JSON that was parsed: every problem at once, each with its rule, its field and what would be
 * right. `allowed` is how many replies a bot may send, WeChat's numbers when not given.
 */
export function checkRules(value: unknown, allowed?: RepliesAllowed): Checked {
  const outer = outerSchema.safeParse(value)
  if (!outer.success) {
    const problems = problemsOf(outer.error, value, null, [])
    return { ok: false, problems: problems.map((each) => ({ ...each, message: describe(each) })) }
  }
  const problems: Problem[] = []
  const rules: Rule[] = []
  const firstOfName = new Map<string, number>()
  outer.data.rules.forEach((raw, index) => {
    const name = nameOf(raw)
    const parsed = ruleSchema.safeParse(raw)
    if (parsed.success) rules.push(parsed.data)
    const first = name === null ? undefined : firstOfName.get(name)
    if (name !== null && first === undefined) firstOfName.set(name, index)
    problems.push(
      ...(parsed.success
        ? contradictions(parsed.data, index)
        : problemsOf(parsed.error, raw, name, ['rules', index])),
    )
    if (first !== undefined)
      problems.push({
        rule: name,
        path: pathText(['rules', index, 'name']),
        message: `is the name of rules[${first}] already: each rule needs its own`,
      })
  })
  const schedules = outer.data.schedules?.flatMap((raw, index) => {
    const parsed = scheduleSchema.safeParse(raw)
    if (parsed.success) return parsed.data
    problems.push(...problemsOf(parsed.error, raw, null, ['schedules', index]))
    return []
  })
  if (schedules !== undefined)
    problems.push(...nameProblems(schedules), ...unknownSchedules(rules, schedules))
  if (problems.length > 0) return { ok: false, problems }
  const set = schedules === undefined || schedules.length === 0 ? { rules } : { rules, schedules }
  return { ok: true, rules: set, warnings: ruleWarnings(rules, allowed) }
}

type Schedules = NonNullable<RuleSet['schedules']>

function nameProblems(schedules: Schedules): Problem[] {
  return schedules.flatMap(({ name, dates = [] }, index) => {
    const here = ['schedules', index]
    const first = schedules.findIndex((each) => each.name === name)
    const twice = dates.findIndex(({ date }, at) => dates.findIndex((each) => each.date === date) !== at)
    return [
      ...(first === index
        ? []
        : [
            {
              rule: null,
              path: pathText([...here, 'name']),
              message: `is the name of schedules[${first}] already`,
            },
          ]),
      ...(twice === -1
        ? []
        : [{ rule: null, path: pathText([...here, 'dates', twice]), message: 'names a day a second time' }]),
    ]
  })
}

function unknownSchedules(rules: readonly Rule[], schedules: Schedules): Problem[] {
  const names = new Set(schedules.map(({ name }) => name))
  return rules.flatMap((rule, index) => {
    const used = scheduleOf(rule.when)
    if (used === undefined || names.has(used)) return []
    const known = names.size === 0 ? 'there are none' : `there are "${[...names].join('", "')}"`
    return {
      rule: rule.name,
      path: pathText(['rules', index, 'when', 'hours']),
      message: `names the business hours "${used}", which are not there: ${known}`,
    }
  })
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

/** What the fields say together and can't mean. */
function contradictions(rule: Rule, index: number): Problem[] {
  const found = [...conditionProblems(rule), ...actionProblems(rule), ...templateProblems(rule)]
  return found.map(([path, message]) => ({
    rule: rule.name,
    path: pathText(['rules', index, ...path]),
    message,
  }))
}

type Found = readonly [path: readonly PropertyKey[], message: string]

function* conditionProblems({ when }: Rule): Generator<Found> {
  if (when.event !== undefined && when.type !== undefined)
    yield [['when', 'type'], 'can’t stand beside "event": a push is a message or an event']
  if (when.event !== undefined && when.text !== undefined)
    yield [['when', 'text'], 'can’t stand beside "event": events have no text']
  if (when.type !== undefined && when.text !== undefined && !listOf(when.type).includes('text'))
    yield [['when', 'text'], 'can’t stand beside this "type": only messages of type "text" have a text']
  if (when.hours && 'zone' in when.hours) yield* calendarProblems(when.hours)
}

function* calendarProblems({ holidays = [], workdays = [] }: Hours): Generator<Found> {
  for (const [index, day] of workdays.entries())
    if (holidays.includes(day))
      yield [
        ['when', 'hours', 'workdays', index],
        `names ${day}, which "holidays" names too: it is one of them`,
      ]
}

function* actionProblems({ when, then }: Rule): Generator<Found> {
  let destination: string | undefined
  for (const [index, action] of then.entries()) {
    const here = ['then', index]
    if ('reply' in action) {
      yield* lengthProblems(action.reply, here)
      continue
    }
    if ('tag' in action) continue
    const [kind] = Object.keys(action)
    if ('transfer' in action && when.event !== undefined)
      yield [[...here, 'transfer'], 'can’t answer an event: WeChat transfers messages only. Use "handoff"']
    if (destination !== undefined)
      yield [here, `gives the conversation away a second time, after "${destination}": keep one of them`]
    destination ??= kind
  }
}

function* lengthProblems(reply: Reply, here: readonly PropertyKey[]): Generator<Found> {
  if (!('text' in reply)) return
  const parts = splitText(reply.text).length
  const most = limits.allowanceAfterMessage.messages
  if (parts > most)
    yield [
      [...here, 'reply', 'text'],
      `needs ${parts} messages of ${limits.textBytes} bytes and WeChat allows ${most} in a row: shorten it`,
    ]
}

function* templateProblems({ when, then }: Rule): Generator<Found> {
  const texts = then.flatMap((action, index) =>
    'reply' in action
      ? textsOf(action.reply).map((each) => ({ ...each, path: ['then', index, 'reply', ...each.path] }))
      : [],
  )
  const withPlaceholders = texts.filter(({ source }) => source.includes('{{'))
  if (withPlaceholders.length === 0) return
  const matches = when.text?.matches
  const groups =
    matches === undefined
      ? undefined
      : listOf(matches).map((pattern) => compileExpression(pattern, { caseSensitive: true }).groups)
  for (const { path, source, template } of withPlaceholders) {
    const message = template
      ? templateProblem(source, groups)
      : 'takes no placeholders: WeChat needs it as it is'
    if (message !== undefined) yield [path, message]
  }
}
