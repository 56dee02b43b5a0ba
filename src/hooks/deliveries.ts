import type { Selectable } from 'kysely'
import type { Store, Tx, WebhookDeliveryTable } from '../store/index.js'
import { HttpError, httpErrorFor } from '../http/http-error.js'
import { newEventId } from './follower.js'

/** A delivery, without what it says. Times are milliseconds since 1970. */
export interface Delivery {
  readonly id: number
  readonly webhookId: number
  /** The receiver sees it as webhook-id. */
  readonly eventId: string
  readonly event: string
  readonly sequence: number | null
  readonly conversationId: number | null
  readonly state: DeliveryState
  readonly attempts: number
  /** When it is tried again, after it failed. */
  readonly nextAt: number | null
  readonly status: number | null
  readonly problem: string | null
  readonly createdAt: number
  readonly settledAt: number | null
}

export type DeliveryState = WebhookDeliveryTable['state']
export const deliveryStates = ['queued', 'sending', 'delivered', 'retry', 'dead'] as const

export interface DeliveriesOptions {
  readonly store: Store
  readonly now: () => number
  /** Told after each commit that queued one. */
  readonly onQueued: () => void
}

/** How long a delivery is kept after its end. */
const DELIVERED_MS = 3 * 24 * 60 * 60 * 1000
const DEAD_MS = 30 * 24 * 60 * 60 * 1000
/** So many rows are removed in one statement, so that nobody waits long for it. */
const PURGE = 500

/** The deliveries as an administrator sees them: listed, sent again, forgotten after a time. */
export class Deliveries {
  readonly #options: DeliveriesOptions

  constructor(options: DeliveriesOptions) {
    this.#options = options
  }

  /** The newest first; `next` is the id to give as `before` for older ones. */
  async list(
    webhookId: number,
    {
      state,
      before,
      limit,
    }: { state?: DeliveryState | undefined; before?: number | undefined; limit: number },
  ): Promise<{ items: Delivery[]; next: number | null }> {
    await this.#mustExist(webhookId)
    const rows = await this.#options.store.db
      .selectFrom('webhook_delivery')
      .select(shown)
      .where('webhook_id', '=', webhookId)
      .$if(state !== undefined, (query) => query.where('state', '=', state ?? 'dead'))
      .$if(before !== undefined, (query) => query.where('id', '<', before ?? 0))
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute()
    const items = rows.slice(0, limit).map(deliveryOf)
    return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null }
  }

  async get(id: number): Promise<Delivery> {
    const row = await this.#options.store.db
      .selectFrom('webhook_delivery')
      .select(shown)
      .where('id', '=', id)
      .executeTakeFirst()
    if (!row) throw new HttpError('not_found', 'There is no such delivery.')
    return deliveryOf(row)
  }

  /** Sends one again, with the same webhook-id and all attempts before it. One that is under way is left alone. */
  async replay(id: number, made?: (tx: Tx) => Promise<void>): Promise<Delivery> {
    const isQueued = await this.#options.store.db.transaction().execute(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('webhook_delivery')
        .set(this.#anew())
        .where('id', '=', id)
        .where('state', '<>', 'sending')
        .executeTakeFirst()
      if (numUpdatedRows > 0n) await made?.(tx)
      return numUpdatedRows > 0n
    })
    const delivery = await this.get(id)
    if (!isQueued) throw httpErrorFor('delivery_sending', 'not_possible', 'It is being sent at this moment.')
    this.#options.onQueued()
    return delivery
  }

  /** Sends all dead ones of an endpoint again; how many there were. */
  async replayDead(webhookId: number, made?: (tx: Tx, replayed: number) => Promise<void>): Promise<number> {
    await this.#mustExist(webhookId)
    const replayed = await this.#options.store.db.transaction().execute(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('webhook_delivery')
        .set(this.#anew())
        .where('webhook_id', '=', webhookId)
        .where('state', '=', 'dead')
        .executeTakeFirst()
      await made?.(tx, Number(numUpdatedRows))
      return Number(numUpdatedRows)
    })
    this.#options.onQueued()
    return replayed
  }

  /** Queues a `webhook.test`, which says nothing of anybody. */
  async test(
    webhookId: number,
    made?: (tx: Tx, made: { readonly id: number }) => Promise<void>,
  ): Promise<Delivery> {
    const { store, now } = this.#options
    await this.#mustExist(webhookId)
    const eventId = newEventId()
    const body = { type: 'webhook.test', timestamp: new Date(now()).toISOString(), data: {} }
    const { id } = await store.db.transaction().execute(async (tx) => {
      const row = await tx
        .insertInto('webhook_delivery')
        .values({
          webhook_id: webhookId,
          event_id: eventId,
          event: body.type,
          once_key: `test:${eventId}`,
          sequence: null,
          conversation_id: null,
          body: JSON.stringify(body),
          state: 'queued',
          attempts: 0,
          next_at: 0,
          created_at: now(),
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      await made?.(tx, row)
      return row
    })
    this.#options.onQueued()
    return this.get(id)
  }

  /** Forgets the oldest of those that are over; whether there may be more. */
  async purge(): Promise<boolean> {
    const { store, now } = this.#options
    const { numDeletedRows } = await store.db
      .deleteFrom('webhook_delivery')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('webhook_delivery')
          .select('id')
          .where('settled_at', 'is not', null)
          .where((or) =>
            or.or([
              or.and([or('state', '=', 'delivered'), or('settled_at', '<', now() - DELIVERED_MS)]),
              or.and([or('state', '=', 'dead'), or('settled_at', '<', now() - DEAD_MS)]),
            ]),
          )
          .limit(PURGE),
      )
      .executeTakeFirst()
    return numDeletedRows === BigInt(PURGE)
  }

  #anew() {
    return { state: 'queued', attempts: 0, next_at: 0, settled_at: null } as const
  }

  async #mustExist(webhookId: number): Promise<void> {
    const row = await this.#options.store.db
      .selectFrom('webhook')
      .select('id')
      .where('id', '=', webhookId)
      .executeTakeFirst()
    if (!row) throw new HttpError('not_found', 'There is no such webhook.')
  }
}

const shown = [
  'id',
  'webhook_id',
  'event_id',
  'event',
  'sequence',
  'conversation_id',
  'state',
  'attempts',
  'next_at',
  'status',
  'problem',
  'created_at',
  'settled_at',
] as const

function deliveryOf(row: Pick<Selectable<WebhookDeliveryTable>, (typeof shown)[number]>): Delivery {
  return {
    id: row.id,
    webhookId: row.webhook_id,
    eventId: row.event_id,
    event: row.event,
    sequence: row.sequence,
    conversationId: row.conversation_id,
    state: row.state,
    attempts: row.attempts,
    nextAt: row.state === 'retry' ? row.next_at : null,
    status: row.status,
    problem: row.problem,
    createdAt: row.created_at,
    settledAt: row.settled_at,
  }
}
