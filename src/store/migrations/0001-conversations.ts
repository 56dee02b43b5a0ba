import { sql, type Kysely, type Migration } from 'kysely'
import type { Dialect } from '../dialect.js'
import { SHARDS } from '../shard.js'

/** The first tables: customers, their conversations and messages, pushes, the feed, the shared work. */
export function conversations(dialect: Dialect): Migration {
  const big = dialect === 'postgres' ? 'bigint' : 'integer'
  const id = dialect === 'postgres' ? sql`bigint generated always as identity` : sql`integer`
  return {
    async up(db: Kysely<unknown>) {
      const { schema } = db
      /** A table whose rows are numbered by the database, never with a deleted row's number. */
      const numbered = (name: string) =>
        schema
          .createTable(name)
          .addColumn('id', id, (c) =>
            dialect === 'postgres' ? c.primaryKey() : c.primaryKey().autoIncrement(),
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

      await numbered('contact')
        .addColumn('app_id', 'text', (c) => c.notNull())
        .addColumn('open_id', 'text', (c) => c.notNull())
        .addColumn('name', 'text')
        .addColumn('remark', 'text')
        .addColumn('session_from', 'text')
        .addColumn('created_at', big, (c) => c.notNull())
        .addColumn('seen_at', big, (c) => c.notNull())
        .addUniqueConstraint('contact_open_id', ['app_id', 'open_id'])
        .execute()

      await schema
        .createTable('contact_tag')
        .addColumn('contact_id', big, (c) => c.notNull().references('contact.id').onDelete('cascade'))
        .addColumn('tag', 'text', (c) => c.notNull())
        .addPrimaryKeyConstraint('contact_tag_key', ['contact_id', 'tag'])
        .execute()

      await numbered('conversation')
        .addColumn('contact_id', big, (c) =>
          c.notNull().unique().references('contact.id').onDelete('cascade'),
        )
        .addColumn('shard', 'integer', (c) => c.notNull())
        .addColumn('status', 'text', (c) => c.notNull())
        .addColumn('agent_id', big)
        .addColumn('epoch', big, (c) => c.notNull())
        .addColumn('message_seconds', big)
        .addColumn('message_received_at', big)
        .addColumn('enter_seconds', big)
        .addColumn('enter_received_at', big)
        .addColumn('corrected', 'text')
        .addColumn('waiting_since', big)
        .addColumn('last_message_id', big)
        .addColumn('updated_at', big, (c) => c.notNull())
        .execute()
      await schema
        .createIndex('conversation_by_status')
        .on('conversation')
        .columns(['status', 'last_message_id'])
        .execute()
      await schema.createIndex('conversation_by_age').on('conversation').column('last_message_id').execute()

      await numbered('push')
        .addColumn('dedupe_key', 'text', (c) => c.notNull().unique())
        .addColumn('app_id', 'text', (c) => c.notNull())
        .addColumn('open_id', 'text', (c) => c.notNull())
        .addColumn('shard', 'integer', (c) => c.notNull())
        .addColumn('format', 'text', (c) => c.notNull())
        .addColumn('plaintext', 'text', (c) => c.notNull())
        .addColumn('state', 'text', (c) => c.notNull().defaultTo('new'))
        .addColumn('attempts', 'integer', (c) => c.notNull().defaultTo(0))
        .addColumn('answer', 'text')
        .addColumn('received_at', big, (c) => c.notNull())
        .execute()
      // Partial: an index of what is still to do stays small however much is kept.
      await schema
        .createIndex('push_to_handle')
        .on('push')
        .column('id')
        .where(sql.ref('state'), '=', sql.lit('new'))
        .execute()

      await schema
        .createTable('message')
        .addColumn('id', big, (c) => c.primaryKey())
        .addColumn('conversation_id', big, (c) =>
          c.notNull().references('conversation.id').onDelete('cascade'),
        )
        .addColumn('direction', 'text', (c) => c.notNull())
        .addColumn('author', 'text', (c) => c.notNull())
        .addColumn('msg_type', 'text', (c) => c.notNull())
        .addColumn('content', 'text', (c) => c.notNull())
        .addColumn('state', 'text')
        .addColumn('once_key', 'text')
        .addColumn('epoch', big, (c) => c.notNull())
        .addColumn('push_id', big)
        .addColumn('attempts', 'integer', (c) => c.notNull().defaultTo(0))
        .addColumn('not_before', big)
        .addColumn('errcode', big)
        .addColumn('problem', 'text')
        .addColumn('rid', 'text')
        .addColumn('created_at', big, (c) => c.notNull())
        .addColumn('sent_at', big)
        .execute()
      await schema
        .createIndex('message_of_conversation')
        .on('message')
        .columns(['conversation_id', 'id'])
        .execute()
      await schema
        .createIndex('message_once')
        .unique()
        .on('message')
        .column('once_key')
        .where(sql.ref('once_key'), 'is not', null)
        .execute()
      await schema
        .createIndex('message_to_send')
        .on('message')
        .columns(['conversation_id', 'id'])
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

      await schema
        .createTable('sequence')
        .addColumn('name', 'text', (c) => c.primaryKey())
        .addColumn('value', big, (c) => c.notNull())
        .execute()
      await sql`insert into sequence (name, value) values ('workspace', 0)`.execute(db)

      await schema
        .createTable('shard')
        .addColumn('id', 'integer', (c) => c.primaryKey())
        .addColumn('owner', 'text')
        .addColumn('lease_until', big, (c) => c.notNull())
        .addColumn('fence', big, (c) => c.notNull())
        .execute()
      for (let shard = 0; shard < SHARDS; shard++)
        await sql`insert into shard (id, lease_until, fence) values (${shard}, 0, 0)`.execute(db)

      await schema
        .createTable('process')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('seen_until', big, (c) => c.notNull())
        .execute()

      await numbered('rule')
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
