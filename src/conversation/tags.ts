import { sql } from 'kysely'
import { bulkRows, type Dialect, type Store } from '../store/index.js'
import type { UnitOfWork } from './unit-of-work.js'

/** Tags on one customer: more than anybody uses. */
export const MAX_TAGS = 50

/** Puts tags on a customer and takes others off, one by one; gives whether anything changed, and how many there are. */
export async function changeTags(
  { tx }: UnitOfWork,
  contactId: number,
  { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
): Promise<{ readonly isChanged: boolean; readonly count: number }> {
  const before = await countTags(tx, contactId)
  const removed =
    remove.length === 0
      ? 0
      : Number(
          (
            await tx
              .deleteFrom('contact_tag')
              .where('contact_id', '=', contactId)
              .where('tag', 'in', [...remove])
              .executeTakeFirst()
          ).numDeletedRows,
        )
  if (add.length > 0)
    await tx
      .insertInto('contact_tag')
      .values([...new Set(add)].map((tag) => ({ contact_id: contactId, tag })))
      .onConflict((oc) => oc.doNothing())
      .execute()
  const count = await countTags(tx, contactId)
  return { isChanged: removed > 0 || count !== before - removed, count }
}

async function countTags(tx: UnitOfWork['tx'], contactId: number): Promise<number> {
  const { count } = await tx
    .selectFrom('contact_tag')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('contact_id', '=', contactId)
    .executeTakeFirstOrThrow()
  return count
}

/** Returns customers' tags by the customers' ids. */
export async function tagsOf(
  tx: Store['db'],
  dialect: Dialect,
  contactIds: readonly number[],
): Promise<Map<number, string[]>> {
  const wanted = bulkRows(
    dialect,
    { id: 'bigint' },
    contactIds.map((id) => ({ id })),
  )
  const { rows } = await sql<{ contact_id: number; tag: string }>`
    select contact_id, tag from contact_tag where contact_id in (select id from ${wanted}) order by tag`.execute(
    tx,
  )
  const tags = new Map<number, string[]>()
  for (const row of rows) tags.set(row.contact_id, [...(tags.get(row.contact_id) ?? []), row.tag])
  return tags
}
