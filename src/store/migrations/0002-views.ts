import { sql, type Kysely, type Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** Indexes for lists of conversations, which stay quick however much is kept. */
export function views(dialect: Dialect): Migration {
  const big = dialect === 'postgres' ? 'bigint' : 'integer'
  return {
    async up(db: Kysely<unknown>) {
      const { schema } = db
      await schema.alterTable('conversation').addColumn('read_message_id', big).execute()
      await schema
        .createIndex('conversation_of_agent')
        .on('conversation')
        .columns(['agent_id', 'last_message_id'])
        .where(sql.ref('agent_id'), 'is not', null)
        .execute()
      // With the direction in it, so that unread messages are counted without looking at any.
      await schema.dropIndex('message_of_conversation').execute()
      await schema
        .createIndex('message_of_conversation')
        .on('message')
        .columns(['conversation_id', 'id', 'direction'])
        .execute()
      // Partial, so that a customer who writes ten thousand messages costs nothing here.
      await schema
        .createIndex('message_outgoing')
        .on('message')
        .columns(['conversation_id', 'id'])
        .where(sql.ref('direction'), '=', sql.lit('outgoing'))
        .execute()
      await schema
        .createIndex('message_transferred')
        .on('message')
        .column('conversation_id')
        .where(sql.ref('content'), '=', sql.lit('{"line":"transferred"}'))
        .execute()
    },
  }
}
