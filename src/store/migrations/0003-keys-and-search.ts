import { sql, type Kysely, type Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** Keys of programs, and the index that finds messages by what they say. */
export function keysAndSearch(dialect: Dialect): Migration {
  const big = dialect === 'postgres' ? 'bigint' : 'integer'
  const id = dialect === 'postgres' ? sql`bigint generated always as identity` : sql`integer`
  return {
    async up(db: Kysely<unknown>) {
      const { schema } = db
      await schema
        .createTable('api_key')
        .addColumn('id', id, (c) =>
          dialect === 'postgres' ? c.primaryKey() : c.primaryKey().autoIncrement(),
        )
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('key_hash', 'text', (c) => c.notNull().unique())
        .addColumn('hint', 'text', (c) => c.notNull())
        .addColumn('apps', 'text', (c) => c.notNull())
        .addColumn('created_at', big, (c) => c.notNull())
        .addColumn('used_at', big)
        .execute()
      await (dialect === 'sqlite' ? sqliteIndex(db) : postgresIndex(db))
    },
  }
}

/**
 * Of the texts only their pieces are kept. A row's number is its conversation's id × 2^38 + its message's id, so
 * that the conversations of what is found are known without looking at a single message.
 */
async function sqliteIndex(db: Kysely<unknown>): Promise<void> {
  await sql`create virtual table message_index using fts5(pieces, content='', contentless_delete=1, tokenize='ascii')`.execute(
    db,
  )
  await sql`create trigger message_index_forgets after delete on message begin
    delete from message_index where rowid = (old.conversation_id << 38) + old.id; end`.execute(db)
}

async function postgresIndex(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema
    .createTable('message_index')
    .addColumn('message_id', 'bigint', (c) => c.primaryKey().references('message.id').onDelete('cascade'))
    .addColumn('conversation_id', 'bigint', (c) => c.notNull())
    .addColumn('pieces', sql`tsvector`, (c) => c.notNull())
    .execute()
  await schema
    .createIndex('message_index_of_conversation')
    .on('message_index')
    .column('conversation_id')
    .execute()
  await sql`create index message_index_pieces on message_index using gin (pieces)`.execute(db)
}
