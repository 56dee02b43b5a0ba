import type { Context } from 'koa'
import { z } from 'zod'
import { HttpError, httpErrorFor } from '../../http/http-error.js'
import { mayUse, type Principal } from '../../http/principal.js'
import { readBytes } from '../../http/read-bytes.js'
import { Raw, route, type Route } from '../../http/route.js'
import { byId, cursorQuery, limitQuery, listOf } from '../../http/schemas/list.js'
import { writeAudit } from '../../people/audit.js'
import type { Submits } from '../../people/submits.js'
import type { Store } from '../../store/index.js'
import { entriesPage, entryOrders } from '../entry-pages.js'
import type { Exams } from '../exams/exams.js'
import { readImportFile } from '../import-file.js'
import { readTable, type ImportedRow } from '../import-table.js'
import type { Knowledge } from '../knowledge.js'
import type { KnowledgeEntry } from '../knowledge-entry.js'
import { FILE_BYTES } from '../readers/file-reader.js'
import { importView, type ImportView } from '../schemas/import-view.js'
import {
  changedEntry,
  entryInput,
  foundView,
  listedEntry,
  newEntry,
  savedEntry,
  searchInput,
  versionView,
  type EntryInput,
} from '../schemas/knowledge-entry.js'

export interface KnowledgeRoutesOptions {
  readonly knowledge: Knowledge
  readonly exams: Pick<Exams, 'run'>
  readonly submits: Submits
  readonly store: Store
  readonly now: () => number
  readonly addressOf: (ctx: Context) => string
}

/** The most of a table that is sent at once, in bytes of JSON. */
const IMPORT_BYTES = 1_000_000
const FOUND = 8

/** What the shop knows. */
export function knowledgeRoutes({
  knowledge,
  exams,
  submits,
  store,
  now,
  addressOf,
}: KnowledgeRoutesOptions): Route[] {
  const { entries } = knowledge
  async function saved(entry: KnowledgeEntry): Promise<{ entry: KnowledgeEntry; broken: number[] }> {
    return { entry, broken: [...(await exams.run()).broken] }
  }

  async function imported(
    rows: readonly ImportedRow[],
    { save, principal, ctx }: { save: boolean; principal: Principal; ctx: Context },
  ): Promise<ImportView> {
    const good = rows.flatMap((row) => ('entry' in row ? [row.entry] : []))
    const count = save && good.length > 0 ? await entries.addAll(good, principal) : 0
    if (count > 0) {
      await exams.run()
      await writeAudit(store.db, now(), {
        actor: principal,
        action: 'knowledge_imported',
        address: addressOf(ctx),
        detail: { entries: count },
      })
    }
    return {
      rows: rows.map((row) => ({
        line: row.line,
        title: 'entry' in row ? row.entry.title : row.title,
        wordings: 'entry' in row ? row.entry.wordings.length : 0,
        problem: 'entry' in row ? null : row.problem,
      })),
      saved: count,
    }
  }

  return [
    route({
      method: 'GET',
      path: '/knowledge/entries',
      summary:
        'The entries, newest first or by how often they were sent; `q` searches questions and answers.',
      access: 'agent',
      query: z.object({
        q: z.string().max(200).optional(),
        state: z.enum(['draft', 'live', 'off']).optional(),
        sort: z.enum(entryOrders).default('newest'),
        cursor: cursorQuery.optional(),
        limit: limitQuery,
      }),
      response: listOf(listedEntry),
      handle: ({ query, principal }) => entriesPage({ entries, store, now }, principal, query),
    }),
    route({
      method: 'POST',
      path: '/knowledge/entries',
      summary: 'Adds an entry, and tries the exam’s cases again.',
      access: 'admin',
      body: newEntry,
      response: savedEntry,
      status: 201,
      handle: async ({ body: { clientId, entry: input }, principal }) =>
        saved(
          await submits.once<KnowledgeEntry>(
            { principal, what: 'knowledge/entries', clientId, input },
            (keep) => entries.add(input, principal, keep),
          ),
        ),
    }),
    route({
      method: 'PATCH',
      path: '/knowledge/entries/:id',
      summary: 'Puts another content in the place of an entry’s; with `version` only where nobody has since.',
      access: 'admin',
      params: byId,
      body: changedEntry,
      response: savedEntry,
      handle: async ({ params, body: { version, entry }, principal }) =>
        saved(await entries.change(params.id, entry, principal, version)),
    }),
    route({
      method: 'DELETE',
      path: '/knowledge/entries/:id',
      summary: 'Removes an entry, with its versions and the cases that expect it.',
      access: 'admin',
      params: byId,
      response: null,
      async handle({ params, principal }) {
        await entries.remove(params.id, principal)
        await exams.run()
      },
    }),
    route({
      method: 'GET',
      path: '/knowledge/entries/:id/versions',
      summary: 'An entry’s contents so far, newest first.',
      access: 'agent',
      params: byId,
      response: listOf(versionView),
      handle: async ({ params, principal }) => ({
        items: await entries.versions(params.id, principal),
        next: null,
      }),
    }),
    route({
      method: 'POST',
      path: '/knowledge/entries/:id/restore',
      summary: 'Makes an earlier content the entry’s again, as a new version.',
      access: 'admin',
      params: byId,
      body: z.strictObject({ version: z.int().min(1) }),
      response: savedEntry,
      handle: async ({ params, body, principal }) =>
        saved(await entries.restore(params.id, body.version, principal)),
    }),
    route({
      method: 'POST',
      path: '/knowledge/search',
      summary: 'Tries retrieval: what a customer’s question finds, how surely, and by which words.',
      access: 'agent',
      body: searchInput,
      response: listOf(foundView),
      async handle({ body: { text, appId }, principal }) {
        mustSee(principal, appId)
        const found = knowledge.search(text, { appId, audience: 'customer', at: now(), most: FOUND })
        return {
          items: found.map(({ entry, confidence, matched }) => ({
            entry,
            confidence,
            matched: [...matched],
          })),
          next: null,
        }
      },
    }),
    route({
      method: 'POST',
      path: '/knowledge/import',
      summary:
        'Reads a table (CSV with 问题, 答案 and 相似问法) and says what it understood of each row; with `save` it adds what it understood.',
      access: 'admin',
      bodyLimit: IMPORT_BYTES,
      body: z.strictObject({
        text: z.string().min(1),
        appId: z.string().min(1).max(100).nullable().default(null),
        save: z.boolean().default(false),
      }),
      response: importView,
      handle: async ({ body: { text, appId, save }, principal, ctx }) =>
        imported(tableOf(text, appId), { save, principal, ctx }),
    }),
    route({
      method: 'POST',
      path: '/knowledge/import-file',
      summary:
        'Reads a file (xlsx, csv, docx, pdf, md or txt, at most 10 MB) and says what it understood, as `/knowledge/import` does; pieces of a text are added as drafts.',
      access: 'admin',
      query: z.object({
        name: z.string().min(1, 'must not be empty').max(200).meta({ description: 'The file’s name.' }),
        appId: z.string().min(1).max(100).optional(),
        save: z.enum(['0', '1']).default('0').meta({ description: '1: adds what it understood.' }),
      }),
      body: new Raw('application/octet-stream'),
      response: importView,
      async handle({ query: { name, appId = null, save }, principal, ctx }) {
        // A form of another site can't send one of these without asking first.
        if (!ctx.is('application/octet-stream'))
          throw new HttpError(
            'bad_request',
            'The body must be the file itself: Content-Type: application/octet-stream.',
          )
        const rows = await readImportFile(await readBytes(ctx, FILE_BYTES), name, appId)
        return imported(rows, { save: save === '1', principal, ctx })
      },
    }),
    route({
      method: 'GET',
      path: '/knowledge/export',
      summary: 'All entries, as `POST /knowledge/entries` takes each.',
      access: 'admin',
      response: z.object({ entries: z.array(entryInput) }),
      async handle({ principal }) {
        const all = await entries.list(principal, { limit: Infinity })
        return { entries: all.toReversed().map(inputOf) }
      },
    }),
  ]
}

function tableOf(text: string, appId: string | null): ReturnType<typeof readTable> {
  let rows: ReturnType<typeof readTable> = []
  try {
    rows = readTable(text, appId)
  } catch {
    // No table at all, as one without rows.
  }
  if (rows.length === 0)
    throw httpErrorFor('import_empty', 'invalid', 'text: must be a table with the columns 问题 and 答案')
  return rows
}

/** An entry as it is put in again: zod leaves out what belongs to the one that is there. */
function inputOf(entry: KnowledgeEntry): EntryInput {
  return z.object(entryInput.shape).parse(entry)
}

function mustSee(principal: Principal, appId: string | null): void {
  if (appId !== null && !mayUse(principal, appId))
    throw httpErrorFor('knowledge_app', 'forbidden', 'appId: must be a Mini Program that you may see')
}
