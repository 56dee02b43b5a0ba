import { CompiledQuery, type Kysely } from 'kysely'
import { Batcher, type Outcome } from './batch.js'
import { storable, wordsOf, type BulkColumns } from './bulk.js'
import { isDatabaseFault } from './database-fault.js'
import type { Dialect } from './dialect.js'
import { pushKeyOf } from './push-key.js'
import type { Schema } from './schema.js'
import { shardOf } from './shard.js'

/** A push to be made safe. */
export interface PushRow {
  /** `Push.id`: what has the same is the same push. */
  readonly dedupeKey: string
  readonly appId: string
  readonly openId: string
  readonly format: 'json' | 'xml'
  readonly plaintext: string
  /** Milliseconds since 1970. */
  readonly receivedAt: number
  /** WeChat is told success as soon as the push is safe: nobody waits for what its handlers decide. */
  readonly answered?: boolean
  /** Why it can't be read, where it can't. */
  readonly unreadable?: string | undefined
}

/** The result: `inserted` is false when the same push was there already. */
export interface Appended {
  readonly id: number
  readonly inserted: boolean
}

const columns = {
  dedupe_key: 'text',
  app_id: 'text',
  open_id: 'text',
  shard: 'bigint',
  format: 'text',
  plaintext: 'text',
  received_at: 'bigint',
  answer: 'text',
  unreadable: 'text',
} as const satisfies BulkColumns

/** The id of a push that is there no more: no row has it. */
const GONE = 0

/** Makes pushes safe, all that come in one turn of the event loop in one statement, so in one commit. */
export class PushLog {
  readonly #db: Kysely<Schema>
  readonly #insert: string
  readonly #find: string
  readonly #batches: Batcher<PushRow, Appended>

  constructor(db: Kysely<Schema>, dialect: Dialect) {
    this.#db = db
    const names = Object.keys(columns).join(', ')
    // A repeat inside one batch, or from another process at the same moment, conflicts like any other: what was not
    // returned was there already.
    this.#insert = `insert into push (${names}) select ${names} from ${wordsOf(dialect, columns).rows} where true
      on conflict (dedupe_key) do nothing returning id, dedupe_key`
    this.#find = `select id, dedupe_key from push
      where dedupe_key in (select dedupe_key from ${wordsOf(dialect, { dedupe_key: 'text' }).rows})`
    this.#batches = new Batcher((rows) => this.#write(rows))
  }

  /** Resolves after the commit. Rejects when the database refuses this row, or fails; then nothing of it is kept. */
  append(row: PushRow): Promise<Appended> {
    return this.#batches.add(row)
  }

  async #write(rows: readonly PushRow[]): Promise<readonly Outcome<Appended>[]> {
    try {
      return await this.#append(rows)
    } catch (error) {
      if (rows.length === 1 || isDatabaseFault(error)) throw error
      // One of them is refused: each by itself tells which, one after the other to keep their order.
      const outcomes: Outcome<Appended>[] = []
      for (const row of rows)
        outcomes.push(
          ...(await this.#append([row]).catch((reason: unknown): Outcome<Appended>[] => [{ error: reason }])),
        )
      return outcomes
    }
  }

  async #append(rows: readonly PushRow[]): Promise<Outcome<Appended>[]> {
    const keys = rows.map(({ dedupeKey }) => pushKeyOf(storable(dedupeKey)))
    const values = rows.map((row, i) => [
      keys[i],
      row.appId,
      storable(row.openId),
      shardOf(row.appId, row.openId),
      row.format,
      storable(row.plaintext),
      row.receivedAt,
      row.answered ? 'success' : null,
      row.unreadable ?? null,
    ])
    const inserted = await this.#idsBy(this.#insert, values)
    const missing = keys.filter((key) => !inserted.has(key))
    const found =
      missing.length > 0
        ? await this.#idsBy(
            this.#find,
            missing.map((key) => [key]),
          )
        : new Map<string, number>()
    return keys.map((key): Outcome<Appended> => {
      const id = inserted.get(key)
      if (id !== undefined) {
        // The same push twice in one batch: the first one inserted it.
        inserted.delete(key)
        found.set(key, id)
        return { result: { id, inserted: true } }
      }
      const before = found.get(key)
      if (before !== undefined) return { result: { id: before, inserted: false } }
      // It was there when it was to be inserted, and was erased since: a repeat of one that had been handled.
      return { result: { id: GONE, inserted: false } }
    })
  }

  async #idsBy(statement: string, values: readonly (readonly unknown[])[]): Promise<Map<string, number>> {
    const query = CompiledQuery.raw(statement, [JSON.stringify(values)])
    const { rows } = await this.#db.executeQuery<{ id: number; dedupe_key: string }>(query)
    return new Map(rows.map((row) => [row.dedupe_key, row.id]))
  }
}
