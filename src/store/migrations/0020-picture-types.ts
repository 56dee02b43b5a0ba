import { sql, type Kysely, type Migration } from 'kysely'

/** Messages that may show a picture are found by what they are not, so that a new type is among them. */
export function pictureTypes(): Migration {
  return {
    async up(db: Kysely<unknown>) {
      await db.schema.dropIndex('message_with_media').execute()
      await db.schema
        .createIndex('message_with_media')
        .on('message')
        .column('id')
        .where(sql.ref('msg_type'), 'not in', sql`('text', 'link', 'other', 'system')`)
        .execute()
    },
  }
}
