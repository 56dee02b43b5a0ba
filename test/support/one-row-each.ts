import { sql } from 'kysely'
import { movedTables, type Table } from '../../src/store/moving/moved-tables.js'
import { shapeOf } from '../../src/store/moving/table-rows.js'
import type { Store } from '../../src/store/index.js'

/**
 * Gives each table of an empty SQLite database rows with all their columns, texts with a table's name in them and the
 * number 1 for all else, so that each refers to one that is there. Returns the tables.
 */
export async function oneRowEach({ db }: Store): Promise<Table[]> {
  const tables = (Object.keys(movedTables) as Table[]).filter((table) => movedTables[table] === 'rows')
  await sql`delete from sequence`.execute(db)
  await sql`delete from shard`.execute(db)
  for (const table of tables) {
    const { columns } = await shapeOf(db, table)
    const values = Object.entries(columns).map(([name, type]) =>
      type === 'bigint' ? sql`1` : sql`${`${table} 的 ${name} 😀`}`,
    )
    const names = Object.keys(columns).map((name) => sql.ref(name))
    await sql`insert into ${sql.table(table)} (${sql.join(names)}) values (${sql.join(values)})`.execute(db)
  }
  // The service counts by this one.
  await sql`update sequence set name = 'workspace'`.execute(db)
  await sql`update message set content = '{"msgType":"text","content":"退款"}'`.execute(db)
  await sql`update media set file = null`.execute(db)
  return tables
}
