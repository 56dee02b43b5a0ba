import { sql, type Kysely, type Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** Assistants, the turns that they answer, and what each try to answer one came to. */
export function assistants(dialect: Dialect): Migration {
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

      await numbered('assistant')
        .addColumn('name', 'text', (c) => c.notNull().unique())
        .addColumn('draft', 'text', (c) => c.notNull())
        .addColumn('live_version', 'integer')
        .addColumn('created_at', big, (c) => c.notNull())
        .addColumn('updated_at', big, (c) => c.notNull())
        .execute()

      await schema
        .createTable('assistant_version')
        .addColumn('assistant_id', big, (c) => c.notNull().references('assistant.id').onDelete('cascade'))
        .addColumn('version', 'integer', (c) => c.notNull())
        .addColumn('settings', 'text', (c) => c.notNull())
        .addColumn('published_by', 'text', (c) => c.notNull())
        .addColumn('published_at', big, (c) => c.notNull())
        .addPrimaryKeyConstraint('assistant_version_key', ['assistant_id', 'version'])
        .execute()

      await numbered('turn')
        // What is kept of a customer goes with the customer.
        .addColumn('conversation_id', big, (c) =>
          c.notNull().references('conversation.id').onDelete('cascade'),
        )
        .addColumn('shard', big, (c) => c.notNull())
        .addColumn('epoch', big, (c) => c.notNull())
        .addColumn('assistant', 'text', (c) => c.notNull())
        .addColumn('version', 'integer', (c) => c.notNull())
        .addColumn('first_message_id', big, (c) => c.notNull())
        .addColumn('last_message_id', big, (c) => c.notNull())
        .addColumn('behind_first_id', big)
        .addColumn('behind_last_id', big)
        .addColumn('state', 'text', (c) => c.notNull())
        .addColumn('restarts', 'integer', (c) => c.notNull().defaultTo(0))
        .addColumn('attempts', 'integer', (c) => c.notNull().defaultTo(0))
        .addColumn('due_at', big, (c) => c.notNull())
        .addColumn('deadline_at', big, (c) => c.notNull())
        .addColumn('created_at', big, (c) => c.notNull())
        .addColumn('ended_at', big)
        .execute()
      // Partial: what is still to do stays small however much is kept.
      await schema
        .createIndex('turn_open')
        .unique()
        .on('turn')
        .column('conversation_id')
        .where(sql.ref('ended_at'), 'is', null)
        .execute()
      await schema
        .createIndex('turn_due')
        .on('turn')
        .columns(['state', 'due_at'])
        .where(sql.ref('ended_at'), 'is', null)
        .execute()
      await schema.createIndex('turn_of_conversation').on('turn').columns(['conversation_id', 'id']).execute()
      await schema
        .createIndex('turn_ended')
        .on('turn')
        .column('ended_at')
        .where(sql.ref('ended_at'), 'is not', null)
        .execute()

      await numbered('run')
        .addColumn('turn_id', big, (c) => c.notNull().references('turn.id').onDelete('cascade'))
        .addColumn('conversation_id', big, (c) => c.notNull())
        .addColumn('assistant', 'text', (c) => c.notNull())
        .addColumn('assistant_version', 'integer')
        .addColumn('kind', 'text')
        .addColumn('outcome', 'text', (c) => c.notNull())
        .addColumn('reason', 'text')
        .addColumn('detail', 'text')
        .addColumn('model', 'text')
        .addColumn('entries', 'text', (c) => c.notNull())
        .addColumn('calls', 'integer', (c) => c.notNull())
        .addColumn('tokens_in', 'integer', (c) => c.notNull())
        .addColumn('tokens_out', 'integer', (c) => c.notNull())
        .addColumn('first_token_ms', 'integer')
        .addColumn('total_ms', 'integer', (c) => c.notNull())
        .addColumn('message_id', big)
        .addColumn('at', big, (c) => c.notNull())
        .execute()
      await schema.createIndex('run_of_turn').on('run').column('turn_id').execute()
      await schema.createIndex('run_of_conversation').on('run').columns(['conversation_id', 'at']).execute()
      await schema
        .createIndex('run_of_message')
        .on('run')
        .column('message_id')
        .where(sql.ref('message_id'), 'is not', null)
        .execute()
    },
  }
}
