import { sql, type Kysely, type Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** The desk's tables beside conversations: canned replies, waits of customers, counts of reports. */
export function desk(dialect: Dialect): Migration {
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

      await numbered('canned_reply')
        .addColumn('app_id', 'text')
        .addColumn('title', 'text', (c) => c.notNull())
        .addColumn('content', 'text', (c) => c.notNull())
        .addColumn('shortcut', 'text', (c) => c.unique())
        .addColumn('pinyin', 'text', (c) => c.notNull())
        .addColumn('updated_at', big, (c) => c.notNull())
        .execute()

      await schema.alterTable('conversation').addColumn('assigned_at', big).execute()

      await numbered('wait')
        .addColumn('conversation_id', big, (c) =>
          c.notNull().references('conversation.id').onDelete('cascade'),
        )
        .addColumn('app_id', 'text', (c) => c.notNull())
        .addColumn('agent_id', big)
        .addColumn('ended_by', 'text', (c) => c.notNull())
        .addColumn('since', big, (c) => c.notNull())
        .addColumn('at', big, (c) => c.notNull())
        .execute()
      await schema.createIndex('wait_by_time').on('wait').column('at').execute()
      await schema.createIndex('wait_of_conversation').on('wait').columns(['conversation_id', 'id']).execute()

      await schema
        .createTable('message_count')
        .addColumn('day', 'integer', (c) => c.notNull())
        .addColumn('app_id', 'text', (c) => c.notNull())
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('agent_id', big, (c) => c.notNull())
        .addColumn('count', big, (c) => c.notNull())
        .addPrimaryKeyConstraint('message_count_key', ['day', 'app_id', 'kind', 'agent_id'])
        .execute()
      await schema
        .createTable('active_day')
        .addColumn('day', 'integer', (c) => c.notNull())
        .addColumn('app_id', 'text', (c) => c.notNull())
        .addColumn('conversation_id', big, (c) =>
          c.notNull().references('conversation.id').onDelete('cascade'),
        )
        .addPrimaryKeyConstraint('active_day_key', ['day', 'app_id', 'conversation_id'])
        .execute()
      await schema
        .createIndex('active_day_of_conversation')
        .on('active_day')
        .columns(['conversation_id', 'day', 'app_id'])
        .execute()
      // Partial, so that it costs only what went wrong.
      await schema
        .createIndex('message_gone_wrong')
        .on('message')
        .column('created_at')
        .where(sql.ref('state'), 'in', sql`('failed', 'unknown')`)
        .execute()
    },
  }
}
