import type { Kysely, Migration } from 'kysely'

/** The state before the last close or release of a conversation, to undo it for some seconds. */
export function undo(): Migration {
  return {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('conversation').addColumn('undo', 'text').execute()
    },
  }
}
