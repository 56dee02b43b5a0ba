import { sql } from 'kysely'
import { bulkRows, type Dialect, type Tx } from '../../store/index.js'

/**
 * Deletes messages, and the pictures that no other message shows. Gives the names of these pictures' bytes, to be
 * removed after the commit.
 */
export async function removeMessages(tx: Tx, dialect: Dialect, ids: readonly number[]): Promise<string[]> {
  if (ids.length === 0) return []
  const doomed = sql`select id from ${bulkRows(
    dialect,
    { id: 'bigint' },
    ids.map((id) => ({ id })),
  )}`
  const { rows: shown } = await sql<{ media_id: number }>`
    select distinct media_id from message_media where message_id in (${doomed})`.execute(tx)
  await sql`delete from message where id in (${doomed})`.execute(tx)
  if (shown.length === 0) return []
  const { rows } = await sql<{ file: string | null }>`
    delete from media where id in (${sql.join(shown.map((row) => row.media_id))})
      and not exists (select 1 from message_media where message_media.media_id = media.id)
    returning file`.execute(tx)
  return rows.flatMap(({ file }) => file ?? [])
}
