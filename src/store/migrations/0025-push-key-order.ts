import { sql, type Kysely, type Migration } from 'kysely'

/**
 * Notes that pushes are kept under keys that begin with the customer: the next start gives those that may still be
 * repeated keys that begin with the time (src/store/push-key.ts). How long that is says the configuration.
 */
export function pushKeyOrder(): Migration {
  return {
    async up(db: Kysely<unknown>) {
      await sql`insert into setting (key, value) select 'push_keys_unordered', '1'
        where exists (select 1 from push)`.execute(db)
    },
  }
}
