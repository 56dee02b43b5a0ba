import { sql, type Kysely, type Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** People who answer: agents, their sessions, what they did. */
export function agents(dialect: Dialect): Migration {
  const big = dialect === 'postgres' ? 'bigint' : 'integer'
  const id = dialect === 'postgres' ? sql`bigint generated always as identity` : sql`integer`
  return {
    async up(db: Kysely<unknown>) {
      const { schema } = db
      const numbered = (name: string) =>
        schema
          .createTable(name)
          .addColumn('id', id, (c) =>
            dialect === 'postgres' ? c.primaryKey() : c.primaryKey().autoIncrement(),
          )

      await numbered('agent')
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('name_key', 'text', (c) => c.unique())
        .addColumn('role', 'text', (c) => c.notNull())
        .addColumn('apps', 'text', (c) => c.notNull())
        .addColumn('password_hash', 'text', (c) => c.notNull())
        .addColumn('disabled', 'integer', (c) => c.notNull().defaultTo(0))
        .addColumn('status', 'text', (c) => c.notNull().defaultTo('online'))
        .addColumn('seen_at', big)
        .addColumn('created_at', big, (c) => c.notNull())
        .execute()

      await schema
        .createTable('session')
        .addColumn('id_hash', 'text', (c) => c.primaryKey())
        .addColumn('agent_id', big, (c) => c.notNull().references('agent.id').onDelete('cascade'))
        .addColumn('created_at', big, (c) => c.notNull())
        .addColumn('seen_at', big, (c) => c.notNull())
        .addColumn('ends_at', big, (c) => c.notNull())
        .execute()
      await schema.createIndex('session_of_agent').on('session').column('agent_id').execute()

      await schema
        .createTable('sign_in_attempt')
        .addColumn('key', 'text', (c) => c.primaryKey())
        .addColumn('count', 'integer', (c) => c.notNull())
        .addColumn('until', big, (c) => c.notNull())
        .execute()
      await schema.createIndex('sign_in_attempt_by_age').on('sign_in_attempt').column('until').execute()

      await numbered('audit')
        .addColumn('at', big, (c) => c.notNull())
        .addColumn('actor', 'text', (c) => c.notNull())
        .addColumn('actor_name', 'text')
        .addColumn('action', 'text', (c) => c.notNull())
        .addColumn('target', 'text')
        .addColumn('app_id', 'text')
        .addColumn('address', 'text')
        .addColumn('detail', 'text', (c) => c.notNull())
        .execute()
      await appendOnly(db, dialect, 'audit')
    },
  }
}

/** Rows of such a table are written once: neither changed nor deleted by any statement. */
async function appendOnly(db: Kysely<unknown>, dialect: Dialect, table: string): Promise<void> {
  const words = sql.lit(`${table} is append-only`)
  if (dialect === 'sqlite') {
    for (const act of ['update', 'delete'])
      await sql`create trigger ${sql.ref(`${table}_no_${act}`)} before ${sql.raw(act)} on ${sql.table(table)}
        begin select raise(abort, ${words}); end`.execute(db)
    return
  }
  const refuse = sql.ref(`${table}_is_append_only`)
  await sql`create function ${refuse}() returns trigger language plpgsql as $$
    begin raise exception ${words}; end $$`.execute(db)
  await sql`create trigger ${refuse} before update or delete or truncate on ${sql.table(table)}
    for each statement execute function ${refuse}()`.execute(db)
}
