import { sql, type Kysely, type Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** Pages of the web that entries are taken from, and which entry is which piece of them. */
export function knowledgeSources(dialect: Dialect): Migration {
  const big = dialect === 'postgres' ? 'bigint' : 'integer'
  const id = dialect === 'postgres' ? sql`bigint generated always as identity` : sql`integer`
  return {
    async up(db: Kysely<unknown>) {
      const { schema } = db
      await schema
        .createTable('knowledge_source')
        .addColumn('id', id, (c) =>
          dialect === 'postgres' ? c.primaryKey() : c.primaryKey().autoIncrement(),
        )
        .addColumn('app_id', 'text')
        .addColumn('url', 'text', (c) => c.notNull())
        .addColumn('name', 'text', (c) => c.notNull())
        .addColumn('new_state', 'text', (c) => c.notNull())
        .addColumn('problem', 'text')
        .addColumn('status', 'integer')
        .addColumn('keys', 'text', (c) => c.notNull())
        .addColumn('outcome', 'text')
        .addColumn('next_at', big, (c) => c.notNull())
        .addColumn('lease_until', big)
        .addColumn('checked_at', big)
        .addColumn('read_at', big)
        .addColumn('created_by', 'text', (c) => c.notNull())
        .addColumn('created_at', big, (c) => c.notNull())
        .execute()
      const entry = (): ReturnType<typeof schema.alterTable> => schema.alterTable('knowledge_entry')
      // What was taken from a page stays when the page is not followed any more.
      await entry()
        .addColumn('source_id', big, (c) => c.references('knowledge_source.id').onDelete('set null'))
        .execute()
      await entry().addColumn('source_key', 'text').execute()
      await entry().addColumn('source_hash', 'text').execute()
      await schema
        .createIndex('knowledge_entry_of_source')
        .on('knowledge_entry')
        .column('source_id')
        .where(sql.ref('source_id'), 'is not', null)
        .execute()
    },
  }
}
