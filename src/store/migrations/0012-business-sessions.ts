import type { Kysely, Migration } from 'kysely'

/** Which sub-merchant a contact's session is with: the same customer's sessions are kept apart. */
export function businessSessions(): Migration {
  return {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('contact').addColumn('business_id', 'text').execute()
    },
  }
}
