import { z } from 'zod'
import { countAnswers, latestAnswers, MAX_COUNTED } from '../../conversation/index.js'
import { httpErrorFor } from '../../http/http-error.js'
import { route, type Route } from '../../http/route.js'
import type { Principal } from '../../http/principal.js'
import { answerCounts, answered } from '../schemas/answer-view.js'
import { cursorQuery, limitQuery, listOf } from '../../http/schemas/list.js'
import type { Store } from '../../store/index.js'
import type { RuleBook } from '../rule-book.js'
import { ruleAuthor } from '../../protocol/author.js'

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

/** The routes of the rules' latest answers. */
export function answerRoutes({ rules, store, now }: AnswerRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/rules/answers',
      summary:
        'Which rule answered what, the newest first; answeredBy=nobody: what no rule matched. Without answeredBy only the latest messages are looked through.',
      access: 'admin',
      query: answersQuery,
      response: listOf(answered),
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
      response: answerCounts,
      async handle({ principal }) {
        mustSeeAll(principal)
        const names = rules.set.rules.map(({ name }) => ruleAuthor(name))
        return { items: await countAnswers(store, [...names, 'bot', 'nobody'], now()), most: MAX_COUNTED }
      },
    }),
  ]
}

function mustSeeAll({ apps }: Principal): void {
  if (apps !== 'all')
    throw httpErrorFor(
      'rules_of_all',
      'forbidden',
      'The rules are those of all Mini Programs, and not all are yours.',
    )
}
