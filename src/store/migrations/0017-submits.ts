import type { Kysely, Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** The results of submits that have a name, so that the same submit makes a thing once. */
export function submits(dialect: Dialect): Migration {
  const big = dialect === 'postgres' ? 'bigint' : 'integer'
  return {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('submit')
        .addColumn('key', 'text', (c) => c.primaryKey())
        .addColumn('sealed_result', 'text', (c) => c.notNull())
        .addColumn('created_at', big, (c) => c.notNull())
        .execute()
      await db.schema.createIndex('submit_by_age').on('submit').column('created_at').execute()
    },
  }
}
