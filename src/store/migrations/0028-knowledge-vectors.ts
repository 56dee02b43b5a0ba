import type { Kysely, Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** What entries mean, as a model's numbers. */
export function knowledgeVectors(dialect: Dialect): Migration {
  return {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('knowledge_vector')
        .addColumn('entry_id', dialect === 'postgres' ? 'bigint' : 'integer', (c) =>
          c.primaryKey().references('knowledge_entry.id').onDelete('cascade'),
        )
        .addColumn('model', 'text', (c) => c.notNull())
        .addColumn('text_hash', 'text', (c) => c.notNull())
        .addColumn('vector', 'text', (c) => c.notNull())
        .execute()
    },
  }
}
