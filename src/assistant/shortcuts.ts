import type { AssistantReason } from '../protocol/turns.js'

/** A message of the customer's, as far as an assistant looks at it. */
export interface Asked {
  readonly msgType: string
  /** What is asked: a text, or a card's title; undefined where there are no words, as in a picture. */
  readonly text: string | undefined
}

/** What was said before, since the conversation was last anybody else's. */
export interface Before {
  /** Texts of the customer that were answered. */
  readonly asked: readonly string[]
  /** Whether the last thing said was an answer of an assistant or a rule. */
  readonly endsWithAnswer: boolean
}

/** What needs neither knowledge nor a model. */
export type Shortcut =
  | { readonly kind: 'greeting' | 'thanks' }
  | {
      readonly kind: 'handoff'
      readonly reason: Extract<AssistantReason, 'asks_person' | 'not_helpful' | 'topic' | 'not_text'>
    }

const end = '[\\s~～!！。.,，…?？呀啊哦呢吧啦哈嘛的了亲]*$'
const whole = (words: string): RegExp => new RegExp(`^(?:${words})${end}`, 'iu')

const thanks = whole(
  '(?:(?:好的?|行|嗯+|哦+|噢|喔|ok|okay|收到|知道了?|明白了?|了解了?|懂了?|可以|没事|没有了?|不用了?|谢+谢*(?:你|您|老板|客服|大家)?|多谢|感谢|辛苦|thx|thanks?(?: you)?)[\\s，,。!！~～]*){1,4}',
)
const greeting = whole(
  '你好|您好|hi|hello|哈喽|嗨|在吗?|在么|在不在|有人(?:在)?吗?|客服在?吗?|亲|老板(?:在吗?)?|早上好|下午好|晚上好',
)
const person =
  /^(?:我?要|请|帮我|麻烦|能不能|可以|能)?(?:转|找|换|叫|接)?(?:一?下|个|到)?(?:人工|真人)(?:客服|服务)?[\s!！。~～吗吧啊呢]*$|(?:转|找|换|叫|接)(?:一?下|个|到)?(?:人工|真人)/u
const notHelpful = whole(
  '(?:你?(?:说|答|回答|讲)(?:得|的)?)?(?:不对|不是(?:这个|这样)(?:意思)?|没用|没有用|不管用|答非所问|没解决|没有解决|没帮助|还是不行|还是不会|还是不懂|看不懂|听不懂|不明白|你没(?:明白|懂)|胡说)',
)
/** Emoji, variation selectors and joiners, and nothing else. */
const onlyEmoji = /^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|[\s])+$/u

/**
 * Returns what to do about what a customer said without asking anything of the knowledge; undefined where the knowledge
 * is to be asked. `topics` are words that are left to people.
 */
export function shortcutFor(
  asked: readonly Asked[],
  before: Before,
  topics: readonly string[],
): Shortcut | undefined {
  if (asked.some(({ text }) => text === undefined)) return { kind: 'handoff', reason: 'not_text' }
  const texts = asked.flatMap(({ text }) => normal(text ?? '') || [])
  const all = texts.join('\n')
  if (topics.some((topic) => all.includes(normal(topic)))) return { kind: 'handoff', reason: 'topic' }
  if (texts.some((text) => person.test(text))) return { kind: 'handoff', reason: 'asks_person' }
  // Digits are emoji components, and an answer to something.
  const said = texts.filter((text) => !onlyEmoji.test(text) || /\d/.test(text))
  if (before.endsWithAnswer) {
    if (said.some((text) => notHelpful.test(text))) return { kind: 'handoff', reason: 'not_helpful' }
    const earlier = new Set(before.asked.map(bare))
    if (said.length > 0 && said.every((text) => bare(text).length > 3 && earlier.has(bare(text))))
      return { kind: 'handoff', reason: 'not_helpful' }
  }
  if (said.every((text) => thanks.test(text))) return { kind: 'thanks' }
  if (said.every((text) => greeting.test(text) || thanks.test(text))) return { kind: 'greeting' }
  return undefined
}

function normal(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim()
}

/** A text without what changes nothing about the question. */
function bare(text: string): string {
  return normal(text)
    .replace(/[\s\p{P}]/gu, '')
    .replace(/[啊呀呢吗吧嘛哦]+$/u, '')
}
