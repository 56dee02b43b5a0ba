import { sql, type Kysely } from 'kysely'
import { storable, type BulkColumns } from '../bulk.js'
import type { Schema } from '../schema.js'
import { ownSettings, type Table } from './moved-tables.js'

export type Cell = string | number | null
export type Row = Readonly<Record<string, Cell>>
/** The values of a row's primary key. */
export type Key = readonly Cell[]

/** A table's columns and its primary key, the same in both databases. */
export interface TableShape {
  readonly name: Table
  readonly columns: BulkColumns
  readonly key: readonly string[]
}

/** Reads a table's shape from SQLite. */
export async function shapeOf(sqlite: Kysely<Schema>, name: Table): Promise<TableShape> {
  const { rows } = await sql<{ name: string; type: string; pk: number }>`
    select name, type, pk from pragma_table_info(${name}) order by cid`.execute(sqlite)
  const typeOf = (type: string) => (/^int/i.test(type) ? ('bigint' as const) : ('text' as const))
  return {
    name,
    columns: Object.fromEntries(rows.map((column) => [column.name, typeOf(column.type)])),
    key: rows
      .filter(({ pk }) => pk > 0)
      .sort((a, b) => a.pk - b.pk)
      .map((column) => column.name),
  }
}

/**
 * Returns the next rows behind a key, in the database's own order of keys. Of settings, those that are each
 * database's own are left out.
 */
export async function readRows(
  db: Kysely<Schema>,
  { name, columns, key }: TableShape,
  after: Key | undefined,
  limit: number,
): Promise<Row[]> {
  const keys = sql.join(key.map((column) => sql.ref(column)))
  const behind = after === undefined ? sql`true` : sql`(${keys}) > (${sql.join([...after])})`
  const { rows } = await sql<Row>`
    select ${sql.join(Object.keys(columns).map((column) => sql.ref(column)))} from ${sql.table(name)}
    where ${behind} and ${moving(name)} order by ${keys} limit ${sql.lit(limit)}`.execute(db)
  return rows
}

/** How many rows of a table are moved. */
export async function countRows(db: Kysely<Schema>, name: Table): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from ${sql.table(name)} where ${moving(name)}`.execute(db)
  return rows[0]?.count ?? 0
}

const moving = (name: Table) =>
  name === 'setting' ? sql`key not in (${sql.join([...ownSettings])})` : sql`true`

export function keyOf({ key }: TableShape, row: Row): Key {
  return key.map((column) => row[column] ?? null)
}

/** A row as PostgreSQL can keep it, as one text. */
export function textOf({ columns }: TableShape, row: Row): string {
  return JSON.stringify(Object.keys(columns).map((column) => storable(row[column] ?? null)))
}
