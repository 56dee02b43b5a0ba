import type { Kysely, Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** When a conversation's agent last typed in it, or looked at it. */
export function activity(dialect: Dialect): Migration {
  const big = dialect === 'postgres' ? 'bigint' : 'integer'
  return {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('conversation').addColumn('active_at', big).execute()
    },
  }
}
