import type { Kysely, Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** How far each Mini Program has been connected: what the set-up guide shows as it happens. */
export function setup(dialect: Dialect): Migration {
  const big = dialect === 'postgres' ? 'bigint' : 'integer'
  return {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('app_setup')
        .addColumn('app_id', 'text', (c) => c.primaryKey())
        .addColumn('since', big, (c) => c.notNull().defaultTo(0))
        .addColumn('verified_at', big)
        .addColumn('url_refused_at', big)
        .addColumn('url_refused_why', 'text')
        .addColumn('push_refused_at', big)
        .addColumn('push_refused_why', 'text')
        .addColumn('arrived_at', big)
        .addColumn('conversation_id', big)
        .execute()
    },
  }
}
