import { sql } from 'kysely'
import { bulkRows } from './bulk.js'
import { removeSetting } from './setting.js'
import type { Store } from './store.js'

/** Application, customer (a long name stands as `:` and a hash), second, and what is the push's own. */
const usual = /^([^:]*:(?::[\w-]{22}|[^:]*)):(\d+):(.+)$/s

/**
 * The key of a push, made of its id (`Push.id`), other for each id: what rises with time stands first, so that neighbours
 * in the index are pushes of one moment, whoever wrote them. In any other order each would touch a page of its own.
 */
export function pushKeyOf(id: string): string {
  const [, head, createTime, own] = usual.exec(id) ?? []
  return head === undefined || createTime === undefined || own === undefined
    ? `0:${id}`
    : `${createTime}:${own}:${head}`
}

/** Set by the migration where pushes are kept under their ids, as releases before 0.2 kept them. */
const UNORDERED = 'push_keys_unordered'
const AT_ONCE = 1000

/**
 * Gives pushes that an older release kept the keys that their repeats will have. To be called before the first push is
 * taken, with the time from which on one may still be repeated, in milliseconds since 1970. Returns how many were found;
 * undefined where that was done before.
 */
export async function orderPushKeys(
  { db, dialect }: Pick<Store, 'db' | 'dialect'>,
  oldest: number,
): Promise<number | undefined> {
  return db.transaction().execute(async (tx) => {
    // Of several processes one does it, and the others wait for its commit.
    if (!(await removeSetting(tx, UNORDERED))) return undefined
    let count = 0
    for (let above = 0; ;) {
      const rows = await tx
        .selectFrom('push')
        .select(['id', 'dedupe_key'])
        .where('id', '>', above)
        .where('received_at', '>=', oldest)
        .orderBy('id')
        .limit(AT_ONCE)
        .execute()
      const last = rows.at(-1)
      if (!last) return count
      const columns = { id: 'bigint', key: 'text' } as const
      const keys = rows.map(({ id, dedupe_key }) => ({ id, key: pushKeyOf(dedupe_key) }))
      await sql`update push set dedupe_key = rows.key from ${bulkRows(dialect, columns, keys)}
        where push.id = rows.id`.execute(tx)
      count += rows.length
      above = last.id
    }
  })
}
