import { z } from 'zod'
import { countAnswers, latestAnswers, MOST_COUNTED } from '../../conversation/index.js'
import { Refusal, route, type Principal, type Route } from '../../desk/index.js'
import { answerCounts, answered } from '../../desk/schemas/answer-view.js'
import { cursorQuery, limitQuery, listOf } from '../../desk/schemas/list.js'
import type { Store } from '../../store/index.js'
import type { RuleBook } from '../rule-book.js'

export interface AnswerRoutesOptions {
  readonly rules: Pick<RuleBook, 'set'>
  readonly store: Store
  readonly now: () => number
}

const answersQuery = z.object({
  answeredBy: z
    .string()
    .regex(/^(rule:.{1,64}|bot|nobody)$/u, 'must be rule:NAME, bot or nobody')
    .optional(),
  limit: limitQuery,
  cursor: cursorQuery.optional(),
})

/** What the rules did of late. */
export function answerRoutes({ rules, store, now }: AnswerRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/rules/answers',
      summary:
        'Which rule answered what, the newest first; answeredBy=nobody: what no rule matched. Without answeredBy only the latest messages are looked through.',
      access: 'admin',
      query: answersQuery,
      answer: listOf(answered),
      async handle({ query: { answeredBy, limit, cursor }, principal }) {
        mustSeeAll(principal)
        const found = await latestAnswers(store, { answeredBy, before: cursor, limit: limit + 1 })
        const items = found.slice(0, limit)
        return { items, next: found.length > limit ? String(items.at(-1)?.messageId) : null }
      },
    }),
    route({
      method: 'GET',
      path: '/rules/answer-counts',
      summary: 'How often each rule answered in the last day and the last seven, and how often none matched.',
      access: 'admin',
      answer: answerCounts,
      async handle({ principal }) {
        mustSeeAll(principal)
        const names = rules.set.rules.map(({ name }) => `rule:${name}`)
        return { items: await countAnswers(store, [...names, 'bot', 'nobody'], now()), most: MOST_COUNTED }
      },
    }),
  ]
}

function mustSeeAll({ apps }: Principal): void {
  if (apps !== 'all')
    throw new Refusal('forbidden', 'The rules are those of all Mini Programs, and not all are yours.')
}
