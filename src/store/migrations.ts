import { sql, type Kysely, type Migration } from 'kysely'
import type { Dialect } from './dialect.js'

/**
 * The schema's history, by name in order. A migration that has been released is never changed: the next one
 * mends it.
 */
export function migrations(dialect: Dialect): Record<string, Migration> {
  return { '0001-conversations': conversations(dialect) }
}

function conversations(dialect: Dialect): Migration {
  const big = dialect === 'postgres' ? 'bigint' : 'integer'
  return {
    async up(db: Kysely<unknown>) {
      const { schema } = db
      // SQLite must never give a deleted row's id again: cursors and keys rely on ids that only grow.
      const id = dialect === 'postgres' ? sql`bigint generated always as identity` : sql`integer`
      const table = (name: string) =>
        schema
          .createTable(name)
          .addColumn('id', id, (column) =>
            dialect === 'postgres' ? column.primaryKey() : column.primaryKey().autoIncrement(),
          )

      await schema
        .createTable('app')
        .addColumn('app_id', 'text', (c) => c.primaryKey())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('mode', 'text', (c) => c.notNull())
        .addColumn('sealed_secret', 'text', (c) => c.notNull())
        .addColumn('sealed_token', 'text', (c) => c.notNull())
        .addColumn('sealed_aes_key', 'text')
        .addColumn('created_at', big, (c) => c.notNull())
        .execute()

      await table('contact')
        .addColumn('app_id', 'text', (c) => c.notNull())
        .addColumn('open_id', 'text', (c) => c.notNull())
        .addColumn('name', 'text')
        .addColumn('remark', 'text')
        .addColumn('session_from', 'text')
        .addColumn('created_at', big, (c) => c.notNull())
        .addColumn('seen_at', big, (c) => c.notNull())
        .addUniqueConstraint('contact_open_id', ['app_id', 'open_id'])
        .execute()

      await table('conversation')
        .addColumn('contact_id', big, (c) =>
          c.notNull().unique().references('contact.id').onDelete('cascade'),
        )
        .addColumn('status', 'text', (c) => c.notNull())
        .addColumn('agent_id', big)
        .addColumn('epoch', big, (c) => c.notNull())
        .addColumn('trigger', 'text')
        .addColumn('trigger_seconds', big)
        .addColumn('waiting_since', big)
        .addColumn('last_message_id', big)
        .addColumn('updated_at', big, (c) => c.notNull())
        .execute()
      await schema
        .createIndex('conversation_by_status')
        .on('conversation')
        .columns(['status', 'updated_at'])
        .execute()

      await table('push')
        .addColumn('dedupe_key', 'text', (c) => c.notNull().unique())
        .addColumn('app_id', 'text', (c) => c.notNull())
        .addColumn('open_id', 'text', (c) => c.notNull())
        .addColumn('format', 'text', (c) => c.notNull())
        .addColumn('plaintext', 'text', (c) => c.notNull())
        .addColumn('state', 'text', (c) => c.notNull().defaultTo('new'))
        .addColumn('attempts', 'integer', (c) => c.notNull().defaultTo(0))
        .addColumn('answer', 'text')
        .addColumn('received_at', big, (c) => c.notNull())
        .execute()
      // Partial: an index of what is still to do stays small however many pushes are kept.
      await schema
        .createIndex('push_to_handle')
        .on('push')
        .column('id')
        .where(sql.ref('state'), '=', sql.lit('new'))
        .execute()

      await table('message')
        .addColumn('conversation_id', big, (c) =>
          c.notNull().references('conversation.id').onDelete('cascade'),
        )
        .addColumn('direction', 'text', (c) => c.notNull())
        .addColumn('author', 'text', (c) => c.notNull())
        .addColumn('msg_type', 'text', (c) => c.notNull())
        .addColumn('content', 'text', (c) => c.notNull())
        .addColumn('state', 'text')
        .addColumn('once_key', 'text', (c) => c.unique())
        .addColumn('epoch', big, (c) => c.notNull())
        .addColumn('push_id', big)
        .addColumn('attempts', 'integer', (c) => c.notNull().defaultTo(0))
        .addColumn('not_before', big)
        .addColumn('errcode', big)
        .addColumn('problem', 'text')
        .addColumn('rid', 'text')
        .addColumn('created_at', big, (c) => c.notNull())
        .addColumn('accepted_at', big)
        .execute()
      await schema
        .createIndex('message_of_conversation')
        .on('message')
        .columns(['conversation_id', 'id'])
        .execute()
      await schema
        .createIndex('message_to_send')
        .on('message')
        .column('id')
        .where(sql.ref('state'), 'in', sql`('queued', 'sending')`)
        .execute()

      await schema
        .createTable('feed')
        .addColumn('sequence', big, (c) => c.primaryKey())
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('conversation_id', big)
        .addColumn('data', 'text', (c) => c.notNull())
        .addColumn('at', big, (c) => c.notNull())
        .execute()

      await table('rule')
        .addColumn('position', 'integer', (c) => c.notNull())
        .addColumn('name', 'text', (c) => c.notNull().unique())
        .addColumn('enabled', 'integer', (c) => c.notNull())
        .addColumn('definition', 'text', (c) => c.notNull())
        .execute()

      await schema
        .createTable('access_token')
        .addColumn('key', 'text', (c) => c.primaryKey())
        .addColumn('sealed_token', 'text')
        .addColumn('lease_owner', 'text')
        .addColumn('lease_until', big)
        .execute()

      await schema
        .createTable('setting')
        .addColumn('key', 'text', (c) => c.primaryKey())
        .addColumn('value', 'text', (c) => c.notNull())
        .execute()
    },
  }
}
