import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Schema } from '../schema.js'
import { keyOf, readRows, textOf, type Key, type TableShape } from './table-rows.js'

/** Rows that are read at once. */
const AT_ONCE = 1000

/** A table's content in short: the same in two databases when, and only when, they have the same rows. */
export interface TableDigest {
  readonly count: number
  /** Hex. */
  readonly hash: string
}

/**
 * Adds up the hashes of all rows, so that the order in which a database sorts its keys does not matter. `onRows` is
 * called with the number of rows after each piece.
 */
export async function digestTable(
  db: Kysely<Schema>,
  shape: TableShape,
  onRows: (count: number) => void = () => undefined,
): Promise<TableDigest> {
  const sum = new HashSum()
  let after: Key | undefined
  for (;;) {
    const rows = await readRows(db, shape, after, AT_ONCE)
    for (const row of rows) sum.add(createHash('sha256').update(textOf(shape, row)).digest())
    onRows(sum.count)
    const last = rows.at(-1)
    if (!last || rows.length < AT_ONCE) return sum.digest
    after = keyOf(shape, last)
  }
}

/** The sum of hashes of 32 bytes, as four numbers of 64 bits. */
export class HashSum {
  count = 0
  readonly #parts = new BigUint64Array(4)

  add(hash: Buffer): void {
    this.count++
    // A number of such an array wraps around by itself.
    for (let i = 0; i < this.#parts.length; i++)
      this.#parts[i] = (this.#parts[i] ?? 0n) + hash.readBigUInt64LE(8 * i)
  }

  get digest(): TableDigest {
    const hash = [...this.#parts].map((part) => part.toString(16).padStart(16, '0')).join('')
    return { count: this.count, hash }
  }
}
