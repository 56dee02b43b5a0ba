import type { Kysely, Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** The models that are asked, and what they were asked for by day. */
export function model(dialect: Dialect): Migration {
  const big = dialect === 'postgres' ? 'bigint' : 'integer'
  return {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('model_provider')
        .addColumn('rank', 'text', (c) => c.primaryKey())
        .addColumn('preset', 'text', (c) => c.notNull())
        .addColumn('url', 'text', (c) => c.notNull())
        .addColumn('model', 'text', (c) => c.notNull())
        .addColumn('sealed_key', 'text')
        .addColumn('updated_at', big, (c) => c.notNull())
        .execute()
      await db.schema
        .createTable('model_spending')
        .addColumn('day', 'text', (c) => c.notNull())
        .addColumn('app_id', 'text', (c) => c.notNull())
        .addColumn('calls', big, (c) => c.notNull())
        .addColumn('tokens_in', big, (c) => c.notNull())
        .addColumn('tokens_out', big, (c) => c.notNull())
        .addColumn('reserved', big, (c) => c.notNull())
        .addPrimaryKeyConstraint('model_spending_key', ['day', 'app_id'])
        .execute()
    },
  }
}
