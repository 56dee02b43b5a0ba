import { sql } from 'kysely'
import { writeSetting, type Store } from '../../store/index.js'
import { removeMessages } from './message-removal.js'

/** The result of one small step of a purge. */
export interface PurgeStep {
  readonly deleted: number
  /** Where the next step begins; undefined when nothing old is left. */
  readonly next: number | undefined
}

/**
 * Deletes one kind of what is kept from before a time, in milliseconds since 1970: at most so many rows, from a place
 * on (0: the beginning). Rows are numbered in the order of their age, so no index by time is needed.
 */
export type Purge = (before: number, from: number, most: number) => Promise<PurgeStep>

/** Messages, with their pictures; never one that may still be sent, or whose push is not handled. */
export function messagePurge(
  store: Store,
  removePictures: (names: readonly string[]) => Promise<void>,
): Purge {
  return async (before, from, most) => {
    const { rows } = await sql<{ id: number; created_at: number; needed: number }>`
      select m.id, m.created_at,
        case when m.state in ('queued', 'sending') or push.state = 'new' then 1 else 0 end as needed
      from message m left join push on push.id = m.push_id
      where m.id > ${from} order by m.id limit ${sql.lit(most)}`.execute(store.db)
    const old = rows.filter((row) => row.created_at < before)
    const ids = old.filter((row) => row.needed === 0).map((row) => row.id)
    if (ids.length > 0)
      await removePictures(
        await store.db.transaction().execute((tx) => removeMessages(tx, store.dialect, ids)),
      )
    return { deleted: ids.length, next: nextOf(rows, old, most) }
  }
}

/** Pushes as they came, which also make a repeat known; never one that is not handled. */
export function pushPurge(store: Store): Purge {
  return async (before, from, most) => {
    const rows = await store.db
      .selectFrom('push')
      .select(['id', 'received_at', 'state'])
      .where('id', '>', from)
      .orderBy('id')
      .limit(most)
      .execute()
    const old = rows.filter((row) => row.received_at < before)
    const ids = old.filter((row) => row.state !== 'new').map((row) => row.id)
    if (ids.length > 0) await store.db.deleteFrom('push').where('id', 'in', ids).execute()
    return { deleted: ids.length, next: nextOf(rows, old, most) }
  }
}

/** The feed, up to where every webhook has read it; pages that were away for longer load anew. */
export function feedPurge(store: Store): Purge {
  return async (before, _from, most) => {
    const read = await store.db
      .selectFrom('webhook')
      .select((eb) => eb.fn.min('cursor').as('cursor'))
      .where('enabled', '=', 1)
      .executeTakeFirst()
    const rows = await store.db
      .selectFrom('feed')
      .select(['sequence', 'at'])
      .where('sequence', '<=', read?.cursor ?? Number.MAX_SAFE_INTEGER)
      .orderBy('sequence')
      .limit(most)
      .execute()
    const firstNew = rows.findIndex((row) => row.at >= before)
    const old = firstNew === -1 ? rows : rows.slice(0, firstNew)
    const last = old.at(-1)?.sequence
    if (last === undefined) return { deleted: 0, next: undefined }
    await store.db.transaction().execute(async (tx) => {
      await tx.deleteFrom('feed').where('sequence', '<=', last).execute()
      await writeSetting(tx, 'feed_pruned_to', JSON.stringify(last))
    })
    return { deleted: old.length, next: old.length === most ? last : undefined }
  }
}

/** Goes on as long as a page holds anything old: a clock that jumped may have left something newer among it. */
function nextOf(
  rows: readonly { readonly id: number }[],
  old: readonly unknown[],
  most: number,
): number | undefined {
  return rows.length === most && old.length > 0 ? rows.at(-1)?.id : undefined
}
