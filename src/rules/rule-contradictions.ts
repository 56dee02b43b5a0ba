import { ruleIssue, type RulePlace } from '../protocol/rule-problems.js'
import { limits, splitText } from '../wechat/index.js'
import { expressionKey, type Expressions } from './expression.js'
import { textsOf } from './reply.js'
import type { Found } from './rule-problem.js'
import { listOf, type Hours, type Reply, type Rule } from './rule-set.js'
import { templateProblem } from './template.js'

/** Problems of fields that are right by themselves and can’t stand together. */
export function* contradictions(rule: Rule, compiled: Expressions): Generator<Found> {
  yield* conditionProblems(rule)
  yield* actionProblems(rule)
  yield* templateProblems(rule, compiled)
}

function* conditionProblems({ when }: Rule): Generator<Found> {
  if (when.event !== undefined && when.type !== undefined)
    yield {
      path: ['when', 'type'],
      message: 'can’t stand beside "event": a push is a message or an event',
      issue: ruleIssue('type_with_event'),
    }
  if (when.event !== undefined && when.text !== undefined)
    yield {
      path: ['when', 'text'],
      message: 'can’t stand beside "event": events have no text',
      issue: ruleIssue('text_with_event'),
    }
  if (when.type !== undefined && when.text !== undefined && !listOf(when.type).includes('text'))
    yield {
      path: ['when', 'text'],
      message: 'can’t stand beside this "type": only messages of type "text" have a text',
      issue: ruleIssue('text_with_type'),
    }
  if (when.hours && 'zone' in when.hours) yield* calendarProblems(when.hours)
}

function* calendarProblems({ holidays = [], workdays = [] }: Hours): Generator<Found> {
  const days = new Set(holidays)
  for (const [index, day] of workdays.entries())
    if (days.has(day))
      yield {
        path: ['when', 'hours', 'workdays', index],
        message: `names ${day}, which "holidays" names too: it is one of them`,
        issue: ruleIssue('holiday_and_workday', { day }),
      }
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
      yield {
        path: [...here, 'transfer'],
        message: 'can’t answer an event: WeChat transfers messages only. Use "handoff"',
        issue: ruleIssue('transfer_of_event'),
      }
    if ('assistant' in action && when.event !== undefined)
      yield {
        path: [...here, 'assistant'],
        message: 'can’t answer an event: nobody has asked anything yet. Use "reply"',
        issue: ruleIssue('assistant_of_event'),
      }
    if ('assistant' in action && index < then.length - 1)
      yield {
        path: [...here, 'assistant'],
        message: 'must be the last action: what it says comes later than all else',
        issue: ruleIssue('assistant_not_last'),
      }
    if (destination !== undefined)
      yield {
        path: here,
        message: `gives the conversation away a second time, after "${destination}": keep one of them`,
        issue: ruleIssue('second_destination'),
      }
    destination ??= kind
  }
}

function* lengthProblems(reply: Reply, here: RulePlace): Generator<Found> {
  if (!('text' in reply)) return
  const parts = splitText(reply.text).length
  const most = limits.allowanceAfterMessage.messages
  if (parts > most)
    yield {
      path: [...here, 'reply', 'text'],
      message: `needs ${parts} messages of ${limits.textBytes} bytes and WeChat allows ${most} in a row: shorten it`,
      issue: ruleIssue('reply_too_long', { parts, bytes: limits.textBytes, limit: most }),
    }
}

function* templateProblems({ when, then }: Rule, compiled: Expressions): Generator<Found> {
  const texts = then.flatMap((action, index) =>
    'reply' in action
      ? textsOf(action.reply).map((each) => ({ ...each, path: ['then', index, 'reply', ...each.path] }))
      : [],
  )
  const withPlaceholders = texts.filter(({ source }) => source.includes('{{'))
  if (withPlaceholders.length === 0) return
  const matches = when.text?.matches
  const caseSensitive = when.text?.caseSensitive ?? false
  const groups =
    matches === undefined
      ? undefined
      : listOf(matches).map(
          (pattern) => compiled.get(expressionKey(pattern, caseSensitive))?.groups ?? new Set<string>(),
        )
  // A thousand expressions and as many placeholders are compared once.
  const common = commonTo(groups ?? [])
  for (const { path, source, template } of withPlaceholders) {
    const problem = template
      ? templateProblem(source, groups && (groups.length > 1 ? [common, common] : groups))
      : {
          message: 'takes no placeholders: WeChat needs it as it is',
          issue: ruleIssue('placeholder_not_here'),
        }
    if (problem) yield { path, ...problem }
  }
}

/** The groups that all of these have. */
function commonTo([first = new Set(), ...others]: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set([...first].filter((group) => others.every((each) => each.has(group))))
}
