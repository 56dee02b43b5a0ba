import { randomUUID } from 'node:crypto'
import { sql, type RawBuilder } from 'kysely'
import type { Logger } from '../log.js'
import { SHARDS, type Store, type Tx } from '../store/index.js'

/** Which part of the work is this process's. */
export interface Shards {
  /** No other process handles pushes of this database. */
  readonly alone: boolean
  has(shard: number): boolean
  /** All that this process has now. */
  readonly owned: readonly number[]
  /**
   * Holds shards until the transaction ends; false when one of them is not this process's any more, and then
   * nothing of the transaction may be committed.
   */
  hold(tx: Tx, shards: readonly number[]): Promise<boolean>
  start(): Promise<void>
  /** Gives everything back. */
  stop(): Promise<void>
}

const all: readonly number[] = Array.from({ length: SHARDS }, (_, i) => i)

/** SQLite: the file is this process's, so all the work is. */
export const everyShard: Shards = {
  alone: true,
  has: () => true,
  owned: all,
  hold: async () => true,
  start: async () => undefined,
  stop: async () => undefined,
}

export interface LeasedShardsOptions {
  readonly store: Store
  readonly logger: Logger
  /** Told of shards that became this process's; another may have left work in them. */
  readonly onGained: (shards: readonly number[]) => void
  /** Ends what this process does in a shard before it is given to another process. */
  readonly onLeaving: (shards: readonly number[]) => Promise<void>
}

/** A process that is not heard of for so long has lost its shards. */
const LEASE_MS = 5000
const BEAT_MS = 1000

// The database's clock, because the processes' may differ.
const now = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`

/** Whether a time has passed, or was given by a clock that has been put back since: nobody takes one for so long. */
function over(until: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql<boolean>`(${until} < ${now} or ${until} > ${now} + ${sql.lit(2 * LEASE_MS)})`
}

/**
 * PostgreSQL: each process renews its leases every second and takes its fair share of what is free, so a new
 * process gets work within seconds, and a dead one's work goes on elsewhere. Every commit holds the rows of its
 * shards, so a process that was away for too long can't commit any more.
 */
export class LeasedShards implements Shards {
  readonly alone = false
  readonly #options: LeasedShardsOptions
  readonly #me = randomUUID()
  #mine = new Set<number>()
  #timer: NodeJS.Timeout | undefined
  #beating: Promise<void> | undefined
  #stopped = false

  constructor(options: LeasedShardsOptions) {
    this.#options = options
  }

  has(shard: number): boolean {
    return this.#mine.has(shard)
  }

  get owned(): readonly number[] {
    return [...this.#mine]
  }

  async hold(tx: Tx, shards: readonly number[]): Promise<boolean> {
    const wanted = [...new Set(shards)]
    if (wanted.length === 0) return true
    const rows = await tx
      .selectFrom('shard')
      .select('id')
      .where('id', 'in', wanted)
      .where('owner', '=', this.#me)
      .orderBy('id')
      // Keeps others from taking them, and not this process from renewing them: commits follow each other so closely
      // that a renewal which had to wait for a gap might wait for longer than a lease lasts.
      .forKeyShare()
      .execute()
    return rows.length === wanted.length
  }

  async start(): Promise<void> {
    await this.#beat()
    const again = (): void => {
      this.#timer = setTimeout(() => {
        this.#beating = this.#beat().finally(() => {
          if (!this.#stopped) again()
        })
      }, BEAT_MS)
    }
    again()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#beating
    this.#mine.clear()
    await this.#free(all)
    await this.#options.store.db.deleteFrom('process').where('id', '=', this.#me).execute()
  }

  async #beat(): Promise<void> {
    try {
      const { kept, gained, surplus } = await this.#renew()
      const lost = [...this.#mine].filter((shard) => !kept.has(shard))
      for (const shard of lost) this.#mine.delete(shard)
      if (lost.length > 0)
        this.#options.logger.warn(
          { shards: lost.length },
          'this process did not renew its leases in time, and another has taken over that work; what was being sent is in doubt. Is the machine overloaded?',
        )
      for (const shard of gained) this.#mine.add(shard)
      if (gained.length > 0) this.#options.onGained(gained)
      if (surplus.length > 0) await this.#giveBack(surplus)
    } catch (error) {
      this.#options.logger.warn(
        { error },
        'the leases on the work could not be renewed; tried again in a second',
      )
    }
  }

  async #renew(): Promise<{ kept: Set<number>; gained: number[]; surplus: number[] }> {
    return this.#options.store.db.transaction().execute(async (tx) => {
      const until = sql<number>`${now} + ${sql.lit(LEASE_MS)}`
      await sql`insert into process (id, seen_until) values (${this.#me}, ${until})
        on conflict (id) do update set seen_until = excluded.seen_until`.execute(tx)
      await sql`delete from process where ${over(sql.ref('seen_until'))}`.execute(tx)
      // In one order for all who wait for such a row: else two wait for each other in a circle.
      const { rows: mine } = await sql<{ id: number }>`
        with mine as materialized (select id from shard where owner = ${this.#me} order by id for no key update)
        update shard set lease_until = ${until} from mine where shard.id = mine.id returning shard.id`.execute(
        tx,
      )
      const { rows: processes } = await sql<{ count: number }>`select count(*) as count from process`.execute(
        tx,
      )
      const share = Math.ceil(SHARDS / Math.max(processes[0]?.count ?? 1, 1))
      const { rows: gained } = await sql<{ id: number }>`
        update shard set owner = ${this.#me}, lease_until = ${until}, fence = fence + 1
        where id in (
          select id from shard where (owner is null or ${over(sql.ref('lease_until'))}) and owner is distinct from ${this.#me}
          order by random() limit ${Math.max(share - mine.length, 0)} for update skip locked)
        returning id`.execute(tx)
      const kept = mine.map((row) => row.id)
      return { kept: new Set(kept), gained: gained.map((row) => row.id), surplus: kept.slice(share) }
    })
  }

  async #giveBack(shards: readonly number[]): Promise<void> {
    for (const shard of shards) this.#mine.delete(shard)
    await this.#options.onLeaving(shards)
    await this.#free(shards)
  }

  async #free(shards: readonly number[]): Promise<void> {
    await sql`
      with given as materialized (
        select id from shard where owner = ${this.#me} and id in (${sql.join(shards)}) order by id for update)
      update shard set owner = null, lease_until = 0 from given where shard.id = given.id`.execute(
      this.#options.store.db,
    )
  }
}
