import type { Pool } from 'pg'
import { Batcher, type Outcome } from './batch.js'
import type { Appended, PushLog, PushRow } from './push-log.js'
import { shardOf } from './shard.js'

// A repeat inside one batch, or from another process at the same moment, conflicts like any other: what was not
// returned was there already.
const INSERT = `insert into push (dedupe_key, app_id, open_id, shard, format, plaintext, received_at, answer)
  select r->>0, r->>1, r->>2, (r->>3)::integer, r->>4, r->>5, (r->>6)::bigint, r->>7 from json_array_elements($1::json) as r
  on conflict (dedupe_key) do nothing returning id, dedupe_key`
const FIND = 'select id, dedupe_key from push where dedupe_key = any($1)'

/** PostgreSQL: one statement, so one commit, for all pushes of a batch; a row that is refused fails alone. */
export class PostgresPushLog implements PushLog {
  readonly #pool: Pool
  readonly #batches: Batcher<PushRow, Appended>

  constructor(pool: Pool) {
    this.#pool = pool
    this.#batches = new Batcher((rows) => this.#write(rows))
  }

  append(row: PushRow): Promise<Appended> {
    return this.#batches.add(row)
  }

  async #write(rows: readonly PushRow[]): Promise<readonly Outcome<Appended>[]> {
    try {
      return await this.#insert(rows)
    } catch (error) {
      if (rows.length === 1) throw error
      // One of them is refused, or the database is away: each by itself tells which, one after the other to keep
      // their order.
      const outcomes: Outcome<Appended>[] = []
      for (const row of rows)
        outcomes.push(
          ...(await this.#insert([row]).catch((reason: unknown): Outcome<Appended>[] => [{ error: reason }])),
        )
      return outcomes
    }
  }

  async #insert(rows: readonly PushRow[]): Promise<Outcome<Appended>[]> {
    const values = rows.map((row) => [
      row.dedupeKey,
      row.appId,
      row.openId,
      shardOf(row.appId, row.openId),
      row.format,
      row.plaintext,
      row.receivedAt,
      row.answered ? 'success' : null,
    ])
    const inserted = await this.#idsBy(INSERT, JSON.stringify(values))
    const missing = rows.filter((row) => !inserted.has(row.dedupeKey)).map((row) => row.dedupeKey)
    const found = missing.length > 0 ? await this.#idsBy(FIND, missing) : new Map<string, number>()
    return rows.map((row): Outcome<Appended> => {
      const id = inserted.get(row.dedupeKey)
      if (id !== undefined) {
        // The same push twice in one batch: the first one inserted it.
        inserted.delete(row.dedupeKey)
        found.set(row.dedupeKey, id)
        return { result: { id, inserted: true } }
      }
      const before = found.get(row.dedupeKey)
      if (before !== undefined) return { result: { id: before, inserted: false } }
      return { error: new Error('The push was neither inserted nor found.') }
    })
  }

  async #idsBy(query: string, parameter: unknown): Promise<Map<string, number>> {
    const { rows } = await this.#pool.query<{ id: number; dedupe_key: string }>(query, [parameter])
    return new Map(rows.map((row) => [row.dedupe_key, row.id]))
  }
}
