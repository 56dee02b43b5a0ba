import type { Insertable } from 'kysely'
import { httpErrorFor } from '../http/http-error.js'
import { toJson, type KnowledgeEntryTable, type Tx } from '../store/index.js'
import { entryOf, type KnowledgeEntry } from './knowledge-entry.js'
import type { EntryInput } from './schemas/knowledge-entry.js'

/** More entries than this are not searched within a few milliseconds. */
export const MAX_ENTRIES = 5000

/** A content of an entry, who wrote it and when. */
export interface Written {
  readonly input: EntryInput
  readonly by: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Which piece of which page an entry is. */
export interface PieceColumns {
  readonly source_id: number
  readonly source_key: string
  readonly source_hash: string
}

export async function insertEntry(tx: Tx, written: Written, piece?: PieceColumns): Promise<KnowledgeEntry> {
  const { input, by, at } = written
  const row = await tx
    .insertInto('knowledge_entry')
    .values({
      ...columnsOf(input),
      ...piece,
      version: 1,
      updated_by: by,
      created_at: at,
      updated_at: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  await keepVersion(tx, row.id, 1, written)
  return entryOf(row)
}

export async function keepVersion(
  tx: Tx,
  id: number,
  version: number,
  { input, by, at }: Written,
): Promise<void> {
  await tx
    .insertInto('knowledge_version')
    .values({ entry_id: id, version, content: toJson<object>(input), actor: by, at })
    .execute()
}

type InputColumns = Pick<
  Insertable<KnowledgeEntryTable>,
  'app_id' | 'title' | 'wordings' | 'text' | 'extra' | 'audience' | 'state' | 'valid_from' | 'valid_until'
>

export function columnsOf(input: EntryInput): InputColumns {
  return {
    app_id: input.appId,
    title: input.title,
    wordings: toJson<readonly string[]>(input.wordings),
    text: input.text,
    extra: input.extra === null ? null : toJson<object>(input.extra),
    audience: input.audience,
    state: input.state,
    valid_from: input.validFrom,
    valid_until: input.validUntil,
  }
}

/** Throws HttpError when there are as many entries as can be searched. */
export async function mustHaveRoom(tx: Tx, more: number): Promise<void> {
  const { count } = await tx
    .selectFrom('knowledge_entry')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  if (count + more > MAX_ENTRIES)
    throw httpErrorFor(
      'knowledge_full',
      'conflict',
      `There are ${count} entries, and ${MAX_ENTRIES} is the most: remove some first.`,
      { count: count, limit: MAX_ENTRIES },
    )
}
