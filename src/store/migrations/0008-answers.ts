import { sql, type Kysely, type Migration } from 'kysely'

/** Which rule answered what a customer did, kept beside it. */
export function answers(): Migration {
  return {
    async up(db: Kysely<unknown>) {
      const { schema } = db
      await schema.alterTable('message').addColumn('answered_by', 'text').execute()
      // Partial, so that it costs only what the bot was asked; with the time in it, so that counting looks at no message.
      await schema
        .createIndex('message_answered_by')
        .on('message')
        .columns(['answered_by', 'id', 'created_at'])
        .where(sql.ref('answered_by'), 'is not', null)
        .execute()
    },
  }
}
