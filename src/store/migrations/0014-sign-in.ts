import { sql, type Kysely, type Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** Pauses of signing in, first passwords that end, and what a person is told of their sessions. */
export function signIn(dialect: Dialect): Migration {
  const big = dialect === 'postgres' ? 'bigint' : 'integer'
  return {
    async up(db: Kysely<unknown>) {
      const { schema } = db
      // Old counts would hold people back whom they no longer concern.
      await sql`delete from sign_in_attempt`.execute(db)
      await schema.alterTable('sign_in_attempt').addColumn('account', 'text').execute()
      await schema.alterTable('sign_in_attempt').addColumn('paused_until', big).execute()
      await schema
        .alterTable('sign_in_attempt')
        .addColumn('refused', 'integer', (c) => c.notNull().defaultTo(0))
        .execute()
      await schema.createIndex('sign_in_attempt_of_account').on('sign_in_attempt').column('account').execute()
      // Null: it is its owner's own, as all passwords of before are.
      await schema.alterTable('agent').addColumn('password_ends_at', big).execute()
      await schema.alterTable('session').addColumn('device', 'text').execute()
      await schema.alterTable('session').addColumn('address', 'text').execute()
    },
  }
}
