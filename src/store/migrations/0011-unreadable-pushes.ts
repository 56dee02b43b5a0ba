import { sql, type Kysely, type Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** Pushes that can't be read, kept as they came, and people who took their consent back. */
export function unreadablePushes(dialect: Dialect): Migration {
  const big = dialect === 'postgres' ? 'bigint' : 'integer'
  const id = dialect === 'postgres' ? sql`bigint generated always as identity` : sql`integer`
  return {
    async up(db: Kysely<unknown>) {
      const { schema } = db
      await schema.alterTable('push').addColumn('unreadable', 'text').execute()
      // Partial, so that a push that can be read costs nothing.
      await schema
        .createIndex('push_unreadable')
        .on('push')
        .column('id')
        .where(sql.ref('unreadable'), 'is not', null)
        .execute()
      await schema
        .createTable('withdrawal')
        .addColumn('id', id, (c) =>
          dialect === 'postgres' ? c.primaryKey() : c.primaryKey().autoIncrement(),
        )
        .addColumn('app_id', 'text', (c) => c.notNull())
        .addColumn('open_id', 'text', (c) => c.notNull())
        .addColumn('event', 'text', (c) => c.notNull())
        .addColumn('push_id', big, (c) => c.notNull().unique())
        .addColumn('at', big, (c) => c.notNull())
        .execute()
    },
  }
}
