import { sql, type Kysely } from 'kysely'
import { bulkRows, storable } from '../bulk.js'
import type { Schema } from '../schema.js'
import type { Tx } from '../store.js'
import type { TableState } from './move-state.js'
import { keyOf, readRows, textOf, type Row, type TableShape } from './table-rows.js'

/** Characters of rows that travel at once, about: a table of long rows takes no more memory than one of short ones. */
const PIECE = 2_000_000
const FIRST_ROWS = 100
const MOST_ROWS = 1000

export interface CopyOptions {
  readonly source: Kysely<Schema>
  readonly target: Kysely<Schema>
  readonly shape: TableShape
  /** How far it is already; undefined at its beginning. */
  readonly from: TableState | undefined
  /** Notes, in the transaction that adds the rows, how far it is then, and how many values had to be changed. */
  readonly note: (tx: Tx, state: TableState, replaced: number) => Promise<void>
  /** Called after each commit. */
  readonly onRows: (state: TableState) => void
}

/** Copies a table's rows from SQLite to PostgreSQL in pieces, each committed with the note of how far it is. */
export async function copyTable({ source, target, shape, from, note, onRows }: CopyOptions): Promise<void> {
  let state = from
  for (let most = FIRST_ROWS; state?.isDone !== true;) {
    const rows = await readRows(source, shape, state?.last, most)
    const last = rows.at(-1)
    const next: TableState = {
      rows: (state?.rows ?? 0) + rows.length,
      last: last ? keyOf(shape, last) : (state?.last ?? []),
      isDone: rows.length < most,
    }
    await target.transaction().execute(async (tx) => {
      if (rows.length > 0) await insertRows(tx, shape, rows)
      await note(tx, next, replacedIn(rows))
    })
    state = next
    onRows(next)
    const size = rows.reduce((sum, row) => sum + textOf(shape, row).length, 0)
    const fitting = Math.floor((PIECE * rows.length) / Math.max(size, 1))
    most = Math.max(1, Math.min(fitting, MOST_ROWS, most * 4))
  }
}

async function insertRows(tx: Tx, { name, columns }: TableShape, rows: readonly Row[]): Promise<void> {
  const names = sql.join(Object.keys(columns).map((column) => sql.ref(column)))
  // The numbers that rows have in the source are theirs in the target.
  await sql`insert into ${sql.table(name)} (${names}) overriding system value
    select ${names} from ${bulkRows('postgres', columns, rows)}`.execute(tx)
}

function replacedIn(rows: readonly Row[]): number {
  return rows.reduce(
    (sum, row) => sum + Object.values(row).filter((value) => storable(value) !== value).length,
    0,
  )
}

/**
 * Lets PostgreSQL number rows on from where SQLite was, also where the last ones were deleted since: a number is
 * never given again.
 */
export async function continueNumbers(source: Kysely<Schema>, target: Kysely<Schema>): Promise<void> {
  const { rows } = await sql<{ name: string; seq: number }>`
    select name, seq from sqlite_sequence where seq > 0`.execute(source)
  for (const { name, seq } of rows)
    await sql`select setval(pg_get_serial_sequence(${name}, 'id'), ${seq})`.execute(target)
}
