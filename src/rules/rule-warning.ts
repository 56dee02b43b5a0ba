import { ruleIssue } from '../protocol/rule-problems.js'
import { incomingTypes, limits, readReply, splitText } from '../wechat/index.js'
import { problemAt, type Found, type Problem } from './rule-problem.js'
import { listOf, type Reply, type Rule } from './rule-set.js'
import type { Steps, Work } from './steps.js'

/** How many messages a bot may send before the customer speaks again. */
export interface RepliesAllowed {
  readonly afterMessage: number
  readonly afterEnter: number
}

const WECHAT_ALLOWS: RepliesAllowed = {
  afterMessage: limits.allowanceAfterMessage.messages,
  afterEnter: limits.allowanceAfterEnter.messages,
}

/** To find out how many messages a long text is. */
const STEPS_PER_CHARACTER = 5

/** Returns the steps that it takes to look through a rule's texts. */
export function textSteps({ then }: Rule): number {
  let characters = 0
  for (const action of then)
    if ('reply' in action && 'text' in action.reply) characters += action.reply.text.length
  return characters * STEPS_PER_CHARACTER
}

/** Finds rules that will work otherwise than their authors may think. */
export function* ruleWarnings(
  rules: readonly Rule[],
  steps: Steps,
  allowed: RepliesAllowed = WECHAT_ALLOWS,
): Work<Problem[]> {
  /** The first that takes all of what it may match, by what that is: a set of types, of which there are few, or an event. */
  const catchAlls: CatchAlls = { events: new Map(), messages: new Map() }
  const problems: Problem[] = []
  for (const [index, rule] of rules.entries()) {
    const cost = textSteps(rule) + RULE_STEPS
    if (cost > steps.room) yield
    steps.use(cost)
    const found = [...warningsOf(rule, allowed)]
    if (rule.enabled !== false) {
      const before = takenBy(rule, catchAlls)
      if (before)
        found.push({
          path: ['when'],
          message: `never matches: the rule "${before.name}" before it takes all of it. Move this one up`,
          issue: ruleIssue('never_matches', { name: before.name }),
        })
      if (takesAll(rule)) {
        const kind = rule.when.event === undefined ? catchAlls.messages : catchAlls.events
        if (!kind.has(keyOf(rule))) kind.set(keyOf(rule), rule)
      }
    }
    for (const each of found) problems.push(problemAt(['rules', index], rule.name, each))
  }
  return problems
}

/** To look at a rule beside its texts. */
const RULE_STEPS = 100

function keyOf(rule: Rule): string {
  return [...new Set(reachOf(rule))].toSorted().join()
}

interface CatchAlls {
  readonly events: Map<string, Rule>
  readonly messages: Map<string, Rule>
}

function takenBy(rule: Rule, { events, messages }: CatchAlls): Rule | undefined {
  if (rule.when.event !== undefined) return events.get(keyOf(rule))
  for (const each of messages.values())
    if (reachOf(rule).every((word) => reachOf(each).includes(word))) return each
  return undefined
}

function* warningsOf({ when, then }: Rule, allowed: RepliesAllowed): Generator<Found> {
  const entering = when.event === 'user_enter_tempsession'
  const most = entering ? allowed.afterEnter : allowed.afterMessage
  let messages = 0
  for (const [index, action] of then.entries()) {
    if (!('reply' in action)) continue
    const parts = 'text' in action.reply ? splitText(action.reply.text).length : 1
    messages += parts
    if (parts > 1)
      yield {
        path: ['then', index, 'reply', 'text'],
        message: `is longer than ${limits.textBytes} bytes: it goes out as ${parts} messages, each of which costs one of the allowance`,
        issue: ruleIssue('reply_in_parts', { parts, bytes: limits.textBytes }),
      }
    if (usesMedia(action.reply))
      yield {
        path: ['then', index, 'reply'],
        message: `uses a media id, which WeChat forgets ${limits.mediaSeconds / 3600} hours after the upload: from then on this reply fails`,
        issue: ruleIssue('media_ends', { hours: limits.mediaSeconds / 3600 }),
      }
  }
  if (messages > most)
    yield {
      path: ['then'],
      message: `sends ${messages} messages where ${most} are allowed ${entering ? 'after entering' : 'after a message'}: the last ${messages - most} will not go out`,
      issue: ruleIssue(entering ? 'too_many_after_enter' : 'too_many_after_message', {
        messages,
        limit: most,
      }),
    }
  if (messages > 0 && then.some((action) => 'assistant' in action))
    yield {
      path: ['then'],
      message: `says ${messages} ${messages === 1 ? 'message' : 'messages'} before the assistant answers, and each costs one of what WeChat allows`,
      issue: ruleIssue('reply_before_assistant', { messages }),
    }
  if (when.event !== undefined && !entering && messages > 0)
    yield {
      path: ['when', 'event'],
      message:
        'opens no conversation (only user_enter_tempsession and messages do), so nobody is there to reply to. Is the name right?',
      issue: ruleIssue('event_without_conversation'),
    }
  if (when.event === undefined && then.length > 0 && then.every((action) => 'tag' in action))
    yield {
      path: ['then'],
      message:
        'tags but does not answer: the message is handed to people as unanswered. Add a reply or a handoff',
      issue: ruleIssue('only_tags'),
    }
}

function usesMedia(reply: Reply): boolean {
  return readReply(reply).texts.some(({ field }) => field.kind === 'media')
}

/** Whether a rule matches whatever it can reach. */
function takesAll({ when }: Rule): boolean {
  return Object.keys(when).every((key) => key === 'event' || key === 'type')
}

/** Returns the pushes that a rule may match at all: an event, or types of messages. */
function reachOf({ when }: Rule): readonly string[] {
  if (when.event !== undefined) return [`event:${when.event}`]
  if (when.text) return ['text']
  if (when.type !== undefined) return listOf(when.type)
  return [...incomingTypes, 'any other type']
}
