import { sql, type Kysely, type Migration } from 'kysely'

/**
 * Has the messages that are in the index for search looked through once more, in the background: traditional and
 * simplified characters are one there now, and characters that nobody sees are none.
 */
export function searchFolds(): Migration {
  return {
    async up(db: Kysely<unknown>) {
      await sql`insert into setting (key, value) select 'message_index_renewed_up_to', '0'
        from setting where key = 'message_index_up_to'`.execute(db)
    },
  }
}
