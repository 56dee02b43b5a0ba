import { sql, type Selectable } from 'kysely'
import { z } from 'zod'
import { fromJson, toJson, type KnowledgeSourceTable, type Store, type Tx } from '../../store/index.js'
import { columnsOf, insertEntry, keepVersion, mustHaveRoom } from '../entry-rows.js'
import { entryOf, type KnowledgeEntry } from '../knowledge-entry.js'
import { entryInput, type EntryInput } from '../schemas/knowledge-entry.js'
import type { PageProblem } from './page-fetcher.js'
import type { PageContent, PagePiece } from './page-pieces.js'
import { planSource, type PieceEntry } from './source-plan.js'
import { writerOf, type SourceOutcome } from './source-rows.js'

type SourceRow = Selectable<KnowledgeSourceTable>

/** A source that this process reads, for as long as nobody else may. */
export type ClaimedSource = SourceRow & { readonly lease_until: number }

interface Held extends PieceEntry {
  readonly entry: KnowledgeEntry
}

/** Milliseconds. A reading takes a minute at most; after that, the process that read has ended. */
const LEASE_MS = 300_000

/** Takes a source that is due, or the one that is named unless it is being read; undefined where there is none. */
export async function claimSource(
  { db, dialect }: Pick<Store, 'db' | 'dialect'>,
  now: number,
  id?: number,
): Promise<ClaimedSource | undefined> {
  const skip = dialect === 'postgres' ? sql`for update skip locked` : sql``
  const which = id === undefined ? sql`next_at <= ${now}` : sql`id = ${id}`
  const { rows } = await sql<ClaimedSource>`
    update knowledge_source set lease_until = ${now + LEASE_MS}
    where id in (select id from knowledge_source
      where ${which} and (lease_until is null or lease_until <= ${now}) order by next_at limit 1 ${skip})
    returning *`.execute(db)
  return rows[0]
}

/** Gives a source back as it was. */
export async function leaveSource({ db }: Pick<Store, 'db'>, claimed: ClaimedSource): Promise<void> {
  await mine(db, claimed).set({ lease_until: null }).execute()
}

/** Notes why a source could not be read; its entries stay as they are. */
export async function failSource(
  { db }: Pick<Store, 'db'>,
  claimed: ClaimedSource,
  { problem, status }: PageProblem,
  { now, nextAt }: { readonly now: number; readonly nextAt: number },
): Promise<void> {
  await mine(db, claimed)
    .set({ lease_until: null, problem, status, checked_at: now, next_at: nextAt })
    .execute()
}

/**
 * Makes a source's entries what the page says now, in one transaction. Undefined where it was removed, or another has
 * it meanwhile. Throws HttpError where there is no room for what is new.
 */
export async function takeReading(
  { db }: Pick<Store, 'db'>,
  claimed: ClaimedSource,
  content: PageContent,
  { now, nextAt }: { readonly now: number; readonly nextAt: number },
): Promise<SourceOutcome | undefined> {
  return db.transaction().execute(async (tx) => {
    const held = await mine(tx, claimed)
      .set({
        lease_until: null,
        problem: null,
        status: null,
        keys: toJson<readonly string[]>(content.pieces.map(({ key }) => key)),
        name: (content.title === '' ? writerOf(claimed.url) : content.title).slice(0, 200),
        checked_at: now,
        read_at: now,
        next_at: nextAt,
      })
      .returning('id')
      .executeTakeFirst()
    if (!held) return undefined
    const writer = writerOf(claimed.url)
    const entries = await piecesInStore(tx, claimed.id, writer)
    const plan = planSource(content.pieces, entries, new Set(fromJson(claimed.keys)))
    await mustHaveRoom(tx, plan.added.length)
    const piece = (each: PagePiece) => ({ source_key: each.key, source_hash: each.hash })
    for (const each of plan.added) {
      const { title, text, wordings } = each
      const input = entryInput.parse({
        appId: claimed.app_id,
        title,
        text,
        wordings,
        state: claimed.new_state,
      })
      await insertEntry(tx, { input, by: writer, at: now }, { source_id: claimed.id, ...piece(each) })
    }
    for (const { entry: each, piece: said, isBack } of plan.changed)
      await change(tx, each.entry, contentOf(each, said, isBack ? claimed.new_state : undefined), {
        writer,
        now,
        columns: piece(said),
      })
    for (const { entry } of plan.gone)
      await change(tx, entry, { ...inputOf(entry), state: 'off' }, { writer, now, columns: {} })
    const outcome = { added: plan.added.length, changed: plan.changed.length, gone: plan.gone.length }
    await tx
      .updateTable('knowledge_source')
      .set({ outcome: toJson<object>(outcome) })
      .where('id', '=', claimed.id)
      .execute()
    return outcome
  })
}

/** The row, as long as the lease is the one that was taken. */
function mine(db: Store['db'] | Tx, { id, lease_until: lease }: ClaimedSource) {
  return db.updateTable('knowledge_source').where('id', '=', id).where('lease_until', '=', lease)
}

async function piecesInStore(tx: Tx, id: number, writer: string): Promise<Held[]> {
  const rows = await tx
    .selectFrom('knowledge_entry')
    .selectAll()
    .where('source_id', '=', id)
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    key: row.source_key ?? '',
    hash: row.source_hash ?? '',
    // What a person switched off stays so.
    isGone: row.state === 'off' && row.updated_by === writer,
    entry: entryOf(row),
  }))
}

/** An entry with what the page says now; a question that people have put in the place of the page's stays. */
function contentOf(
  { entry, key }: Held,
  piece: PagePiece,
  state: EntryInput['state'] | undefined,
): EntryInput {
  const input = inputOf(entry)
  const hasOwnTitle = key !== '' && !key.startsWith(`${entry.title}#`)
  return entryInput.parse({
    ...input,
    title: hasOwnTitle ? input.title : piece.title,
    text: piece.text,
    wordings: [...new Set([...input.wordings, ...piece.wordings])].slice(0, 50),
    state: state ?? input.state,
  })
}

/** An entry as it is put in again: zod leaves out what belongs to the one that is there. */
function inputOf(entry: KnowledgeEntry): EntryInput {
  return z.object(entryInput.shape).parse(entry)
}

async function change(
  tx: Tx,
  { id, version }: KnowledgeEntry,
  input: EntryInput,
  {
    writer,
    now,
    columns,
  }: {
    readonly writer: string
    readonly now: number
    readonly columns: { readonly source_key?: string; readonly source_hash?: string }
  },
): Promise<void> {
  const changed = await tx
    .updateTable('knowledge_entry')
    .set({
      ...columnsOf(input),
      ...columns,
      version: version + 1,
      updated_by: writer,
      updated_at: now,
    })
    .where('id', '=', id)
    .where('version', '=', version)
    .returning('id')
    .executeTakeFirst()
  // Somebody has changed it within this moment: the next reading compares anew.
  if (!changed) return
  await keepVersion(tx, id, version + 1, { input, by: writer, at: now })
}
