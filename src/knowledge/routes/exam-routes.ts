import { z } from 'zod'
import { httpErrorFor, notFound } from '../../http/http-error.js'
import type { Principal } from '../../http/principal.js'
import { route, type Route } from '../../http/route.js'
import { byId } from '../../http/schemas/list.js'
import type { Store } from '../../store/index.js'
import { readCases, type CaseRow } from '../exams/case-table.js'
import { CASES_TO_EARN } from '../exams/exam.js'
import type { ExamRun, Exams } from '../exams/exams.js'
import type { Knowledge } from '../knowledge.js'
import {
  caseOfMessage,
  casesOfEntry,
  caseTable,
  caseTableView,
  examView,
  newCases,
} from '../schemas/exam-view.js'

export interface ExamRoutesOptions {
  readonly exams: Exams
  readonly knowledge: Pick<Knowledge, 'entry' | 'entries'>
  readonly store: Pick<Store, 'db'>
}

/** The most of a table that is sent at once, in bytes of JSON. */
const TABLE_BYTES = 1_000_000

/** The questions that retrieval is tried with: of all Mini Programs, so for those who see all. */
export function examRoutes({ exams, knowledge, store }: ExamRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/exams/retrieval',
      summary: 'Tries retrieval with all cases and says which it passes; no model is asked.',
      access: 'admin',
      response: examView,
      async handle({ principal }) {
        mustSeeAll(principal)
        return viewOf(await exams.run(), knowledge)
      },
    }),
    route({
      method: 'POST',
      path: '/exams/cases',
      summary: 'Adds cases: what a customer says, and the entry that answers it, or null for none.',
      access: 'admin',
      body: newCases,
      response: examView,
      status: 201,
      async handle({ body: { cases }, principal }) {
        mustSeeAll(principal)
        await exams.add(cases.map((each) => ({ ...each, conversationId: null })))
        return viewOf(await exams.run(), knowledge)
      },
    }),
    route({
      method: 'POST',
      path: '/exams/cases/import',
      summary:
        'Reads a table of cases (CSV with 问题 and 应找到) and says what it understood of each row; with `save` it adds what it understood.',
      access: 'admin',
      bodyLimit: TABLE_BYTES,
      body: caseTable,
      response: caseTableView,
      async handle({ body: { text, appId, save }, principal }) {
        mustSeeAll(principal)
        const entries = await knowledge.entries.list(principal, { limit: Infinity })
        const rows = casesOf(text, { entries, appId, known: await exams.known() })
        const good = rows.filter(({ problem }) => problem === null)
        const saved = save
          ? await exams.add(
              good.map(({ says, entry }) => ({
                appId,
                says,
                entryId: entry?.id ?? null,
                conversationId: null,
              })),
            )
          : 0
        if (saved > 0) await exams.run()
        return {
          rows: rows.map(({ line, says, entry, problem }) => ({
            line,
            says,
            entryTitle: entry?.title ?? null,
            problem,
          })),
          saved,
        }
      },
    }),
    route({
      method: 'POST',
      path: '/exams/cases/from-entry',
      summary: 'Adds an entry’s other wordings as cases.',
      access: 'admin',
      body: casesOfEntry,
      response: examView,
      status: 201,
      async handle({ body: { entryId }, principal }) {
        mustSeeAll(principal)
        const entry = knowledge.entry(entryId)
        if (!entry) throw notFound()
        await exams.add(
          entry.wordings.map((says) => ({ appId: entry.appId, says, entryId, conversationId: null })),
        )
        return viewOf(await exams.run(), knowledge)
      },
    }),
    route({
      method: 'POST',
      path: '/exams/cases/from-message',
      summary: 'Adds what a customer wrote as a case; it goes when the customer is erased.',
      access: 'admin',
      body: caseOfMessage,
      response: examView,
      status: 201,
      async handle({ body: { messageId, entryId }, principal }) {
        mustSeeAll(principal)
        const message = await store.db
          .selectFrom('message')
          .innerJoin('conversation', 'conversation.id', 'message.conversation_id')
          .innerJoin('contact', 'contact.id', 'conversation.contact_id')
          .select(['message.content', 'message.conversation_id', 'contact.app_id'])
          .where('message.id', '=', messageId)
          .where('message.direction', '=', 'incoming')
          .where('message.msg_type', '=', 'text')
          .executeTakeFirst()
        if (!message) throw notFound()
        const { content } = z.object({ content: z.string() }).parse(JSON.parse(message.content))
        await exams.add([
          {
            appId: message.app_id,
            says: content.slice(0, 500),
            entryId,
            conversationId: message.conversation_id,
          },
        ])
        return viewOf(await exams.run(), knowledge)
      },
    }),
    route({
      method: 'DELETE',
      path: '/exams/cases/:id',
      summary: 'Removes a case.',
      access: 'admin',
      params: byId,
      response: null,
      async handle({ params, principal }) {
        mustSeeAll(principal)
        await exams.remove(params.id)
      },
    }),
  ]
}

function casesOf(text: string, readWith: Parameters<typeof readCases>[1]): CaseRow[] {
  let rows: CaseRow[] = []
  try {
    rows = readCases(text, readWith)
  } catch {
    // No table at all, as one without rows.
  }
  if (rows.length === 0)
    throw httpErrorFor('cases_empty', 'invalid', 'text: must be a table with the columns 问题 and 应找到')
  return rows
}

function viewOf(
  { at, cases, results, curve, matchAt, broken }: ExamRun,
  knowledge: Pick<Knowledge, 'entry'>,
): z.input<typeof examView> {
  const byCase = new Map(results.map((result) => [result.caseId, result]))
  const views = cases.map(({ id, appId, says, entryId }) => {
    const result = byCase.get(id)
    const [first] = result?.candidates ?? []
    return {
      id,
      appId,
      says,
      entryId,
      entryTitle: entryId === null ? null : (knowledge.entry(entryId)?.title ?? null),
      rank: result?.rank ?? null,
      passed: result?.passed ?? false,
      first: first ? { id: first.entry.id, title: first.entry.title, confidence: first.confidence } : null,
    }
  })
  return {
    at,
    cases: views,
    passed: views.filter(({ passed }) => passed).length,
    curve: curve.map((point) => ({ ...point })),
    matchAt,
    needed: CASES_TO_EARN,
    broken: [...broken],
  }
}

function mustSeeAll({ apps }: Principal): void {
  if (apps !== 'all')
    throw httpErrorFor(
      'exams_of_all',
      'forbidden',
      'Exams are those of all Mini Programs, and not all are yours.',
    )
}
