import { sql, type RawBuilder } from 'kysely'
import type { Dialect } from './dialect.js'

/** The columns of rows that travel as one parameter, with their types. */
export type BulkColumns = Readonly<Record<string, 'text' | 'bigint'>>

export type BulkRow<C extends BulkColumns> = { readonly [K in keyof C]: string | number | null }

/**
 * Any number of rows as one JSON parameter, to select from: the statement stays the same however many there are,
 * so it is prepared once, and a batch costs one round trip. `select … from ${bulkRows(…)}`; the rows come in
 * their order.
 */
export function bulkRows<C extends BulkColumns>(
  dialect: Dialect,
  columns: C,
  rows: readonly BulkRow<C>[],
): RawBuilder<unknown> {
  const names = Object.keys(columns)
  const json = JSON.stringify(rows.map((row) => names.map((name) => storable(row[name]))))
  const fields = names.map((name, i) => {
    const field =
      dialect === 'sqlite'
        ? sql`value ->> ${sql.lit(i)}`
        : sql`(value ->> ${sql.lit(i)})::${sql.raw(columns[name] ?? 'text')}`
    return sql`${field} as ${sql.ref(name)}`
  })
  return dialect === 'sqlite'
    ? sql`(select ${sql.join(fields)} from json_each(${json}) order by key) as rows`
    : sql`(select ${sql.join(fields)} from json_array_elements(${json}::json) with ordinality as each(value, key) order by key) as rows`
}

/** PostgreSQL keeps neither NUL nor half a surrogate pair, and a customer's must not stop the batch: U+FFFD instead. */
function storable(value: string | number | null | undefined): string | number | null | undefined {
  if (typeof value !== 'string') return value
  return value.replace(unstorable, '\uFFFD')
}

const unstorable = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
