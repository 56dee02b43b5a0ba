import { sql, type Kysely, type Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** Indexes for the filters of the list of conversations. */
export function listFilters(dialect: Dialect): Migration {
  return {
    async up(db: Kysely<unknown>) {
      const { schema } = db
      await schema
        .createIndex('contact_tag_by_tag')
        .on('contact_tag')
        .columns(['tag', 'contact_id'])
        .execute()
      // Partial, so that it costs only what went wrong.
      await schema
        .createIndex('message_gone_wrong_of_conversation')
        .on('message')
        .columns(['conversation_id', 'id'])
        .where(sql.ref('state'), 'in', sql`('failed', 'unknown')`)
        .execute()
      // PostgreSQL's other indexes refuse long texts, and a `session-from` may be one.
      await (dialect === 'postgres'
        ? sql`create index contact_by_source on contact using hash (session_from)`.execute(db)
        : sql`create index contact_by_source on contact (session_from, app_id) where session_from is not null`.execute(
            db,
          ))
    },
  }
}
