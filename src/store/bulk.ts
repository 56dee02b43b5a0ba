import { CompiledQuery, sql, type Kysely, type RawBuilder } from 'kysely'
import type { Dialect } from './dialect.js'
import type { Schema } from './schema.js'

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
export function storable<T>(value: T): T | string {
  if (typeof value !== 'string' || (value.isWellFormed() && !value.includes('\0'))) return value
  return value.replace(unstorable, '\uFFFD')
}

const unstorable = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

/** The parts of a statement that depend on the dialect, so that one text serves both. */
export interface SqlFragments {
  readonly dialect: Dialect
  /** The rows to select from, named `rows`. */
  readonly rows: string
  /** A parameter beside the rows, from 1 on. */
  readonly value: (number: number, type: 'text' | 'bigint') => string
  /** A query's rows as one JSON text, each an array of these columns: one value to hand over instead of many. */
  readonly packed: (columns: readonly string[], query: string) => string
}

/**
 * A statement over rows that travel as one parameter, written when it first runs and not compiled again. Where it selects, it must give its rows `packed`, one array for each.
 */
export function bulkStatement<C extends BulkColumns>(
  columns: C,
  write: (words: SqlFragments) => string,
): (
  tx: Kysely<Schema>,
  dialect: Dialect,
  rows: readonly BulkRow<C>[],
  ...values: (string | number | null)[]
) => Promise<Done> {
  const names = Object.keys(columns)
  const texts = new Map<Dialect, string>()
  return async (tx, dialect, rows, ...values) => {
    const json = JSON.stringify(rows.map((row) => names.map((name) => storable(row[name]))))
    const text = texts.get(dialect) ?? write(wordsOf(dialect, columns))
    texts.set(dialect, text)
    const query = CompiledQuery.raw(text, [json, ...values])
    const { rows: found, numAffectedRows } = await tx.executeQuery<{ packed: string | null }>(query)
    return { packed: found[0]?.packed ?? '[]', affected: Number(numAffectedRows ?? 0) }
  }
}

export interface Done {
  /** JSON: the rows that were selected. */
  readonly packed: string
  readonly affected: number
}

export function wordsOf(dialect: Dialect, columns: BulkColumns): SqlFragments {
  const sqlite = dialect === 'sqlite'
  const fields = Object.entries(columns).map(([name, type], i) =>
    sqlite ? `value ->> ${i} as "${name}"` : `(value ->> ${i})::${type} as "${name}"`,
  )
  const source = sqlite
    ? 'json_each(?1)'
    : 'json_array_elements($1::json) with ordinality as each(value, key)'
  const [array, gather] = sqlite ? ['json_array', 'json_group_array'] : ['json_build_array', 'json_agg']
  return {
    dialect,
    rows: `(select ${fields.join(', ')} from ${source} order by key) as rows`,
    value: (number, type) => (sqlite ? `?${number + 1}` : `$${number + 1}::${type}`),
    packed: (names, query) =>
      `select ${gather}(${array}(${names.join(', ')}))${sqlite ? '' : '::text'} as packed from (${query}) as found`,
  }
}
