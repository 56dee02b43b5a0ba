import type { Condition, SharedParts, Subject } from './condition.js'
import { listOf, type Comparison } from './rule-set.js'
import { quotedEn, quotedZh, type Sentence } from './sentence.js'

type Field = 'text' | 'sessionFrom'

/** How a text is asked for: words first, expressions last, since they cost more. */
export interface ComparisonConditions {
  readonly words: readonly Condition[]
  readonly expressions: readonly Condition[]
}

/** The conditions on a message's text, or on where the customer came from. */
export function comparisonConditions(
  field: Field,
  comparison: Comparison,
  shared: SharedParts,
): ComparisonConditions {
  const caseSensitive = comparison.caseSensitive ?? false
  const read = reader(field, caseSensitive)
  const prepared = (words: string | readonly string[]): string[] =>
    listOf(words).map((word) => (caseSensitive ? word : word.toLowerCase()))
  const condition = (
    key: 'equals' | 'contains' | 'matches',
    holds: (subject: Subject) => boolean,
    unmet: Sentence,
  ): Condition => ({
    path: `when.${field}.${key}`,
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
      condition('contains', (subject) => includesOne(read(subject), wanted), {
        zh: `${zh}不包含${quotedZh(listOf(contains), '或')}`,
        en: `${en} does not contain ${quotedEn(listOf(contains), 'or')}`,
      }),
    )
  }
  if (matches === undefined) return { words, expressions: [] }
  const expressions = listOf(matches).map((pattern) => shared.expression(pattern, caseSensitive))
  const asWritten = reader(field, true)
  const holds = (subject: Subject): boolean => {
    const text = asWritten(subject)
    return text !== undefined && expressions.some((each) => each.test(text))
  }
  const unmet = {
    zh: `${zh}不符合表达式${quotedZh(listOf(matches), '或')}`,
    en: `${en} does not match ${quotedEn(listOf(matches), 'or')}`,
  }
  return { words, expressions: [condition('matches', holds, unmet)] }
}

const NAMES = {
  text: { zh: '文字', en: 'the text' },
  sessionFrom: { zh: '来源（sessionFrom）', en: 'sessionFrom' },
} as const

const NOTHING_THERE: Record<Field, Sentence> = {
  text: { zh: '不是文字消息', en: 'the message is not a text' },
  sessionFrom: { zh: '不知道客户从哪里进入（没有 sessionFrom）', en: 'there is no sessionFrom' },
}

function reader(field: Field, caseSensitive: boolean): (subject: Subject) => string | undefined {
  if (field === 'text') return caseSensitive ? (subject) => subject.text : (subject) => subject.lowerText
  return caseSensitive ? (subject) => subject.sessionFrom ?? undefined : (subject) => subject.lowerSessionFrom
}

function has(wanted: ReadonlySet<string>, text: string | undefined): boolean {
  return text !== undefined && wanted.has(text)
}

function includesOne(text: string | undefined, words: readonly string[]): boolean {
  return text !== undefined && words.some((word) => text.includes(word))
}
