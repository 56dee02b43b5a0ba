import { z } from 'zod'
import { ruleIssue } from '../protocol/rule-problems.js'
import { withoutInvisible } from '../wechat/text.js'
import { COSTS, type Condition, type SharedParts, type Subject } from './condition.js'
import type { Expression } from './expression.js'
import { checkOf } from './rule-problem.js'
import { closed, listOf, must, oneOrMore, spacesInMessage, text as filled, trimmed } from './schema-parts.js'
import { LOOKED_AT } from './search.js'
import { quotedEn, quotedZh, type Sentence } from './sentence.js'
import type { Steps, Work } from './steps.js'

const words = 'a text or a list of texts, such as ["退款", "退货"]'
const word = filled('a text', 1000)
// Whether it is one, and what it costs, is found out by checkRules, which can be interrupted.
const expression = filled('a regular expression, such as "^订单\\\\s*(\\\\d+)$"', 1000)

function schemaOf<T extends z.ZodType<string>>(equal: T) {
  return closed('an object with "equals", "contains" or "matches"', {
    equals: oneOrMore(equal, words).exactOptional(),
    contains: oneOrMore(word, words).exactOptional(),
    matches: oneOrMore(expression, 'a regular expression or a list of them').exactOptional(),
    caseSensitive: z.boolean(must('true or false')).exactOptional(),
  }).refine(
    ({ equals, contains, matches }) => (equals ?? contains ?? matches) !== undefined,
    checkOf(
      'must have "equals", "contains" or "matches"',
      ruleIssue('needs_one', { keys: ['equals', 'contains', 'matches'] }),
    ),
  )
}

export const textSchema = schemaOf(word.refine(trimmed, spacesInMessage))
export const sessionFromSchema = schemaOf(word)

export type Comparison = z.infer<typeof sessionFromSchema>
type Field = 'text' | 'sessionFrom'

/** The conditions on a message's text, or on where the customer came from. */
export function comparisonConditions(field: Field, comparison: Comparison, shared: SharedParts): Condition[] {
  const caseSensitive = comparison.caseSensitive ?? false
  const read = reader(field, caseSensitive)
  const prepared = (words: string | readonly string[]): string[] =>
    listOf(words).map((written) => {
      const word = field === 'text' ? withoutInvisible(written) || written : written
      return caseSensitive ? word : word.toLowerCase()
    })
  const condition = (
    key: 'equals' | 'contains' | 'matches',
    holds: Condition['holds'],
    unmet: Sentence,
  ): Condition => ({
    path: `when.${field}.${key}`,
    cost: key === 'matches' ? EXPRESSION_COSTS[field] : COSTS.words,
    isOfMessage: field === 'text',
    holds,
    unmet: (subject) => (read(subject) === undefined ? NOTHING_THERE[field] : unmet),
  })

  const words: Condition[] = []
  const { equals, contains, matches } = comparison
  const { zh, en } = NAMES[field]
  if (equals !== undefined) {
    const wanted = new Set(prepared(equals))
    words.push(
      condition('equals', (subject) => has(wanted, read(subject)), {
        zh: `${zh}不等于${quotedZh(listOf(equals), '或')}`,
        en: `${en} is not ${quotedEn(listOf(equals), 'or')}`,
      }),
    )
  }
  if (contains !== undefined) {
    const wanted = prepared(contains)
    words.push(
      condition('contains', (subject, steps) => includesOne(read(subject), wanted, steps), {
        zh: `${zh}不包含${quotedZh(listOf(contains), '或')}`,
        en: `${en} does not contain ${quotedEn(listOf(contains), 'or')}`,
      }),
    )
  }
  if (matches === undefined) return words
  const expressions = listOf(matches).map((pattern) => shared.expression(pattern, caseSensitive))
  // With all that nobody sees: an expression may ask for it, and what it captures is quoted.
  const asWritten = ({ facts }: Subject): string | undefined =>
    field === 'text' ? facts.text : (facts.sessionFrom ?? undefined)
  const holds = (subject: Subject, steps: Steps): boolean | Work<boolean> => {
    const text = asWritten(subject)
    return text !== undefined && matchesOne(text, expressions, subject.said[field], steps)
  }
  const unmet = {
    zh: `${zh}不符合表达式${quotedZh(listOf(matches), '或')}`,
    en: `${en} does not match ${quotedEn(listOf(matches), 'or')}`,
  }
  return [...words, condition('matches', holds, unmet)]
}

/** The text is longer than the other. */
const EXPRESSION_COSTS = { text: COSTS.textExpression, sessionFrom: COSTS.expression } as const

const NAMES = {
  text: { zh: '文字', en: 'the text' },
  sessionFrom: { zh: '来源（sessionFrom）', en: 'sessionFrom' },
} as const

const NOTHING_THERE: Record<Field, Sentence> = {
  text: { zh: '不是文字消息', en: 'the message is not a text' },
  sessionFrom: { zh: '不知道客户从哪里进入（没有 sessionFrom）', en: 'there is no sessionFrom' },
}

function reader(field: Field, caseSensitive: boolean): (subject: Subject) => string | undefined {
  if (field === 'text') return caseSensitive ? (subject) => subject.plainText : (subject) => subject.lowerText
  return caseSensitive ? ({ facts }) => facts.sessionFrom ?? undefined : (subject) => subject.lowerSessionFrom
}

function has(wanted: ReadonlySet<string>, text: string | undefined): boolean {
  return text !== undefined && wanted.has(text)
}

/** Characters that are compared at once: few enough for a slice, whatever word is looked for. */
const AT_ONCE = 2048
/** As far as a word is compared again and again where a text almost holds it. */
const COMPARED_AGAIN = 256

function includesOne(
  text: string | undefined,
  words: readonly string[],
  steps: Steps,
): boolean | Work<boolean> {
  if (text === undefined) return false
  if (text.length > AT_ONCE || words.length > 1) return includesOneOf(text, words, steps)
  const [word = ''] = words
  steps.use(lookingFor(word, text.length))
  return text.includes(word)
}

function* includesOneOf(text: string, words: readonly string[], steps: Steps): Work<boolean> {
  for (const word of words)
    for (let from = 0; from === 0 || from < text.length; from += AT_ONCE) {
      const piece = text.length <= AT_ONCE ? text : text.slice(from, from + AT_ONCE + word.length)
      const cost = lookingFor(word, piece.length)
      if (cost > steps.room) yield
      steps.use(cost)
      if (piece.includes(word)) return true
    }
  return false
}

/** Returns the steps of finding a word: a short one is looked for once, of a long one much may be compared in vain. */
function lookingFor(word: string, length: number): number {
  return 1 + (length * (word.length < 8 ? 1 : Math.min(word.length, COMPARED_AGAIN))) / LOOKED_AT
}

function* matchesOne(
  text: string,
  expressions: readonly Expression[],
  said: Map<Expression, boolean>,
  steps: Steps,
): Work<boolean> {
  for (const expression of expressions) {
    const known = said.get(expression)
    const holds = known ?? (yield* expression.testing(text, steps))
    if (known === undefined) said.set(expression, holds)
    if (holds) return true
  }
  return false
}
