import { sql, type Kysely, type Migration } from 'kysely'
import type { Dialect } from '../dialect.js'

/** Which entry a run sent, so that uses can be counted without reading what each run holds. */
export function entryUse(dialect: Dialect): Migration {
  const big = dialect === 'postgres' ? 'bigint' : 'integer'
  const chosen =
    dialect === 'postgres'
      ? sql`select (each ->> 'id')::bigint from json_array_elements(run.entries::json) as each
          where each ->> 'isChosen' = 'true' limit 1`
      : sql`select json_extract(each.value, '$.id') from json_each(run.entries) as each
          where json_extract(each.value, '$.isChosen') limit 1`
  return {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('run').addColumn('entry_id', big).execute()
      await sql`update run set entry_id = (${chosen})
        where outcome = 'answered' and kind in ('match', 'select')`.execute(db)
      // All that a count reads stands in it.
      await db.schema
        .createIndex('run_of_entry')
        .on('run')
        .columns(['entry_id', 'at'])
        .where(sql.ref('entry_id'), 'is not', null)
        .execute()
    },
  }
}
