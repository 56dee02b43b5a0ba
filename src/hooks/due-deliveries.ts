import { sql, type RawBuilder } from 'kysely'
import type { Store } from '../store/index.js'

export interface Target {
  readonly id: number
  readonly url: string
  readonly sealed_secret: string | null
  readonly sealed_old_secret: string | null
  readonly old_secret_until: number | null
}

export interface Claimed {
  readonly id: number
  readonly webhook_id: number
  readonly event_id: string
  readonly body: string
  readonly attempts: number
}

/** Longer than any attempt takes, so that a lease that lapsed means that its process is gone. */
const LEASE_MS = 30_000

// The database's clock, because the processes' may differ.
const databaseNow: RawBuilder<number> = sql`(extract(epoch from clock_timestamp()) * 1000)::bigint`

/** The deliveries that are due, as they lie in the database. */
export class DueDeliveries {
  readonly #store: Store
  readonly #now: () => number

  constructor(store: Store, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** Another process that is gone had claimed them. */
  async reclaim(): Promise<void> {
    const store = this.#store
    if (store.dialect === 'sqlite') return
    await sql`update webhook_delivery set state = 'retry', next_at = 0, lease_until = null
      where state = 'sending' and lease_until < ${databaseNow}`.execute(store.db)
  }

  /** The endpoints that are on. */
  async targets(): Promise<Target[]> {
    return this.#store.db
      .selectFrom('webhook')
      .select(['id', 'url', 'sealed_secret', 'sealed_old_secret', 'old_secret_until'])
      .where('enabled', '=', 1)
      .orderBy('id')
      .execute()
  }

  /** Takes those of an endpoint that are due, so that no other process sends them. */
  async claim(webhookId: number, most: number): Promise<readonly Claimed[]> {
    const [store, now] = [this.#store, this.#now]
    const shared = store.dialect === 'postgres'
    const lease = shared ? sql`${databaseNow} + ${sql.lit(LEASE_MS)}` : sql`null`
    const { rows } = await sql<Claimed>`
      update webhook_delivery set state = 'sending', attempts = attempts + 1, lease_until = ${lease}
      where id in (
        select id from webhook_delivery
        where webhook_id = ${webhookId} and state in ('queued', 'retry') and next_at <= ${now()}
        order by next_at, id limit ${most} ${shared ? sql`for update skip locked` : sql``})
      returning id, webhook_id, event_id, body, attempts`.execute(store.db)
    return rows
  }

  /** Returns in how many milliseconds the next one is due; undefined when none is. */
  async untilNext(): Promise<number | undefined> {
    const [store, now] = [this.#store, this.#now]
    const { due } = await store.db
      .selectFrom('webhook_delivery')
      .innerJoin('webhook', 'webhook.id', 'webhook_delivery.webhook_id')
      .select((eb) => eb.fn.min<number | null>('next_at').as('due'))
      .where('state', 'in', ['queued', 'retry'])
      .where('enabled', '=', 1)
      .where('next_at', '>', now())
      .executeTakeFirstOrThrow()
    return due === null ? undefined : due - now()
  }
}
