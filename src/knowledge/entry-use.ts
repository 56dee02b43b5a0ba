import { sql } from 'kysely'
import type { Store } from '../store/index.js'

/** How often an entry was sent of late, and when last. */
export interface EntryUse {
  /** Within the last 30 days. */
  readonly recent: number
  /** Milliseconds since 1970; null where no run of it is kept. */
  readonly lastAt: number | null
}

const DAY_MS = 86_400_000
export const RECENT_DAYS = 30

export const unused: EntryUse = { recent: 0, lastAt: null }

/** Counts the uses of entries, of all where no ids are given. Only an index is read, and of that the last 30 days. */
export async function entryUses(
  { db }: Pick<Store, 'db'>,
  now: number,
  ids?: readonly number[],
): Promise<Map<number, EntryUse>> {
  if (ids?.length === 0) return new Map()
  const since = now - RECENT_DAYS * DAY_MS
  const rows = await db
    .selectFrom('knowledge_entry')
    .select([
      'id',
      sql<number>`(select count(*) from run where run.entry_id = knowledge_entry.id and run.at > ${since})`.as(
        'recent',
      ),
      sql<number | null>`(select max(run.at) from run where run.entry_id = knowledge_entry.id)`.as('last_at'),
    ])
    .$if(ids !== undefined, (query) => query.where('id', 'in', ids ?? []))
    .execute()
  return new Map(rows.map(({ id, recent, last_at: lastAt }) => [id, { recent, lastAt }]))
}
