import { limits, splitText } from '../wechat/index.js'
import { pathText, type Problem } from './rule-problem.js'
import { listOf, type Reply, type Rule } from './rule-set.js'

/** How many messages a bot may send before the customer speaks again. */
export interface RepliesAllowed {
  readonly afterMessage: number
  readonly afterEnter: number
}

const WECHAT_ALLOWS: RepliesAllowed = {
  afterMessage: limits.allowanceAfterMessage.messages,
  afterEnter: limits.allowanceAfterEnter.messages,
}

/** What will work otherwise than its author may think. */
export function ruleWarnings(rules: readonly Rule[], allowed: RepliesAllowed = WECHAT_ALLOWS): Problem[] {
  const catchAlls: Rule[] = []
  return rules.flatMap((rule, index) => {
    const found = [...warningsOf(rule, allowed)]
    if (rule.enabled !== false) {
      const before = catchAlls.find((each) => reachOf(rule).every((word) => reachOf(each).includes(word)))
      if (before)
        found.push([
          ['when'],
          `never matches: the rule "${before.name}" before it takes all of it. Move this one up`,
        ])
      if (takesAll(rule)) catchAlls.push(rule)
    }
    return found.map(([path, message]) => ({
      rule: rule.name,
      path: pathText(['rules', index, ...path]),
      message,
    }))
  })
}

type Found = readonly [path: readonly PropertyKey[], message: string]

function* warningsOf({ when, then }: Rule, allowed: RepliesAllowed): Generator<Found> {
  const entering = when.event === 'user_enter_tempsession'
  const most = entering ? allowed.afterEnter : allowed.afterMessage
  let messages = 0
  for (const [index, action] of then.entries()) {
    if (!('reply' in action)) continue
    const parts = 'text' in action.reply ? splitText(action.reply.text).length : 1
    messages += parts
    if (parts > 1)
      yield [
        ['then', index, 'reply', 'text'],
        `is longer than ${limits.textBytes} bytes: it goes out as ${parts} messages, each of which costs one of the allowance`,
      ]
    if (usesMedia(action.reply))
      yield [
        ['then', index, 'reply'],
        `uses a media id, which WeChat forgets ${limits.mediaSeconds / 3600} hours after the upload: from then on this reply fails`,
      ]
  }
  if (messages > most)
    yield [
      ['then'],
      `sends ${messages} messages where ${most} are allowed ${entering ? 'after entering' : 'after a message'}: the last ${messages - most} will not go out`,
    ]
  if (when.event !== undefined && !entering && messages > 0)
    yield [
      ['when', 'event'],
      'opens no conversation (only user_enter_tempsession and messages do), so nobody is there to reply to. Is the name right?',
    ]
  if (when.event === undefined && then.length > 0 && then.every((action) => 'tag' in action))
    yield [
      ['then'],
      'tags but does not answer: the message is handed to people as unanswered. Add a reply or a handoff',
    ]
}

function usesMedia(reply: Reply): boolean {
  return 'image' in reply || 'miniprogrampage' in reply
}

/** Whether a rule matches whatever it can reach. */
function takesAll({ when }: Rule): boolean {
  return Object.keys(when).every((key) => key === 'event' || key === 'type')
}

/** What pushes a rule may match at all: an event, or types of messages. */
function reachOf({ when }: Rule): readonly string[] {
  if (when.event !== undefined) return [`event:${when.event}`]
  if (when.text) return ['text']
  if (when.type !== undefined) return listOf(when.type)
  return ['text', 'image', 'miniprogrampage', 'any other type']
}
