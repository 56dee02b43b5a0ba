import { sql, type Kysely, type Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** Pictures that customers sent and agents uploaded, and the messages that show them. */
export function media(dialect: Dialect): Migration {
  const big = dialect === 'postgres' ? 'bigint' : 'integer'
  const id = dialect === 'postgres' ? sql`bigint generated always as identity` : sql`integer`
  return {
    async up(db: Kysely<unknown>) {
      const { schema } = db
      await schema
        .createTable('media')
        .addColumn('id', id, (c) =>
          dialect === 'postgres' ? c.primaryKey() : c.primaryKey().autoIncrement(),
        )
        .addColumn('app_id', 'text', (c) => c.notNull())
        .addColumn('media_id', 'text', (c) => c.notNull())
        .addColumn('state', 'text', (c) => c.notNull())
        .addColumn('problem', 'text')
        .addColumn('file', 'text')
        .addColumn('mime', 'text')
        .addColumn('width', 'integer')
        .addColumn('height', 'integer')
        .addColumn('bytes', 'integer')
        .addColumn('attempts', 'integer', (c) => c.notNull().defaultTo(0))
        .addColumn('next_at', big)
        .addColumn('current_media_id', 'text')
        .addColumn('current_until', big)
        .addColumn('created_at', big, (c) => c.notNull())
        .addUniqueConstraint('media_by_media_id', ['app_id', 'media_id'])
        .execute()
      // Partial: an index of what is still to do stays small however much is kept.
      await schema
        .createIndex('media_to_fetch')
        .on('media')
        .column('next_at')
        .where(sql.ref('state'), '=', sql.lit('wanted'))
        .execute()
      await schema
        .createIndex('media_of_file')
        .unique()
        .on('media')
        .column('file')
        .where(sql.ref('file'), 'is not', null)
        .execute()

      await schema
        .createTable('message_media')
        .addColumn('message_id', big, (c) => c.primaryKey().references('message.id').onDelete('cascade'))
        .addColumn('media_id', big, (c) => c.notNull().references('media.id').onDelete('cascade'))
        .execute()
      await schema
        .createIndex('message_media_of_media')
        .on('message_media')
        .columns(['media_id', 'message_id'])
        .execute()
      // The fetcher follows it to find new pictures: messages of other types cost nothing.
      await schema
        .createIndex('message_with_media')
        .on('message')
        .column('id')
        .where(sql.ref('msg_type'), 'in', sql`('image', 'miniprogrampage')`)
        .execute()

      await schema
        .createTable('media_bytes')
        .addColumn('name', 'text', (c) => c.primaryKey())
        .addColumn('bytes', dialect === 'postgres' ? 'bytea' : 'blob', (c) => c.notNull())
        .addColumn('created_at', big, (c) => c.notNull())
        .execute()
    },
  }
}
