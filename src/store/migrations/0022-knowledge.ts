import { sql, type Kysely, type Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** What the shop knows, each state of it, and the questions that its retrieval is tried with. */
export function knowledge(dialect: Dialect): Migration {
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

      await numbered('knowledge_entry')
        .addColumn('app_id', 'text')
        .addColumn('title', 'text', (c) => c.notNull())
        .addColumn('wordings', 'text', (c) => c.notNull())
        .addColumn('text', 'text', (c) => c.notNull())
        .addColumn('extra', 'text')
        .addColumn('audience', 'text', (c) => c.notNull())
        .addColumn('state', 'text', (c) => c.notNull())
        .addColumn('valid_from', big)
        .addColumn('valid_until', big)
        .addColumn('version', 'integer', (c) => c.notNull())
        .addColumn('updated_by', 'text', (c) => c.notNull())
        .addColumn('created_at', big, (c) => c.notNull())
        .addColumn('updated_at', big, (c) => c.notNull())
        .execute()

      await schema
        .createTable('knowledge_version')
        .addColumn('entry_id', big, (c) => c.notNull().references('knowledge_entry.id').onDelete('cascade'))
        .addColumn('version', 'integer', (c) => c.notNull())
        .addColumn('content', 'text', (c) => c.notNull())
        .addColumn('actor', 'text', (c) => c.notNull())
        .addColumn('at', big, (c) => c.notNull())
        .addPrimaryKeyConstraint('knowledge_version_key', ['entry_id', 'version'])
        .execute()

      await numbered('exam_case')
        .addColumn('app_id', 'text')
        .addColumn('says', 'text', (c) => c.notNull())
        .addColumn('entry_id', big, (c) => c.references('knowledge_entry.id').onDelete('cascade'))
        // A case from a customer's words goes with the customer.
        .addColumn('conversation_id', big, (c) => c.references('conversation.id').onDelete('cascade'))
        .addColumn('created_at', big, (c) => c.notNull())
        .execute()
      for (const column of ['entry_id', 'conversation_id'])
        await schema.createIndex(`exam_case_by_${column}`).on('exam_case').column(column).execute()
    },
  }
}
