import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Logger } from '../log.js'
import { fromJson, BackgroundLoop, bulkRows } from '../store/index.js'
import { hookEventsAfter, type FeedPiece, type HookEvent, type HookEventSource } from './hook-events.js'

export interface FollowerOptions extends HookEventSource {
  readonly logger: Logger
  readonly wait: (milliseconds: number) => Promise<unknown>
  /** Told after each commit that queued deliveries. */
  readonly onQueued: () => void
}

interface Cursor {
  readonly id: number
  readonly cursor: number
  readonly events: readonly string[]
  readonly apps: readonly string[] | null
}

const PACE_MS = 20

/**
 * Makes deliveries of what the feed says, for each endpoint from its own place on. The deliveries and the place are
 * written in one transaction, which is refused when another process has moved the place: so each event is told
 * once, and none is missed, whenever a process ends.
 */
export class Follower {
  readonly #options: FollowerOptions
  readonly #loop: BackgroundLoop
  #anyone = true

  constructor(options: FollowerOptions) {
    this.#options = options
    this.#loop = new BackgroundLoop({
      pass: () => this.#pass(),
      // The next signal of the feed, or the next look, tries again.
      onError: (err) => {
        options.logger.error({ err }, 'what is to be told to webhooks could not be queued yet')
      },
    })
  }

  /** The feed has grown: read on, if anyone is to be told. Costs nothing while there are no endpoints. */
  grown(): void {
    if (this.#anyone) this.wake()
  }

  /** Looks for endpoints, and reads on. */
  wake(): void {
    this.#loop.wake()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  async #pass(): Promise<'again' | undefined> {
    if (!(await this.#advance())) return undefined
    // Events that come meanwhile share one commit.
    await this.#options.wait(PACE_MS)
    return 'again'
  }

  /** One piece for each endpoint; whether there may be more. */
  async #advance(): Promise<boolean> {
    const pieces = new Map<number, FeedPiece>()
    let more = false
    const endpoints = await this.#endpoints()
    this.#anyone = endpoints.length > 0
    for (const endpoint of endpoints) {
      if (this.#loop.isStopped) return false
      const { cursor } = endpoint
      const piece = pieces.get(cursor) ?? (await hookEventsAfter(this.#options, cursor))
      pieces.set(cursor, piece)
      if (piece.upTo === undefined) continue
      more = true
      const wanted = piece.events.filter((each) => wants(endpoint, each))
      if (!(await this.#queue(endpoint, piece.upTo, wanted))) continue
      if (piece.pruned)
        this.#options.logger.warn(
          { webhookId: endpoint.id },
          'a webhook fell so far behind that the feed it follows was pruned: some events were not told',
        )
      if (wanted.length > 0) this.#options.onQueued()
    }
    return more
  }

  async #endpoints(): Promise<Cursor[]> {
    const rows = await this.#options.store.db
      .selectFrom('webhook')
      .select(['id', 'cursor', 'events', 'apps'])
      .where('enabled', '=', 1)
      .orderBy('id')
      .execute()
    return rows.map(({ id, cursor, events, apps }) => ({
      id,
      cursor,
      events: fromJson(events),
      apps: apps === null ? null : fromJson(apps),
    }))
  }

  /** False when another process was there first, or the endpoint was changed: then nothing is written. */
  async #queue({ id, cursor }: Cursor, upTo: number, events: readonly HookEvent[]): Promise<boolean> {
    const { store, now } = this.#options
    return store.db.transaction().execute(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('webhook')
        .set({ cursor: upTo })
        .where('id', '=', id)
        .where('cursor', '=', cursor)
        .where('enabled', '=', 1)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) return false
      if (events.length === 0) return true
      const at = now()
      const rows = bulkRows(
        store.dialect,
        columns,
        events.map((each) => ({
          webhook_id: id,
          event_id: newEventId(),
          event: each.event,
          once_key: each.onceKey,
          sequence: each.sequence,
          conversation_id: each.conversationId,
          body: each.body,
          state: 'queued',
          // At once, whatever the clock says by then.
          next_at: 0,
          created_at: at,
        })),
      )
      const names = sql.join(Object.keys(columns).map((name) => sql.ref(name)))
      // A conversation that was erased meanwhile is not told of any more.
      await sql`insert into webhook_delivery (${names}) select ${names} from ${rows}
        where conversation_id in (select id from conversation)
        on conflict (webhook_id, once_key) do nothing`.execute(tx)
      return true
    })
  }
}

function wants({ events, apps }: Cursor, { event, appId }: HookEvent): boolean {
  return (events.includes('*') || events.includes(event)) && (apps === null || apps.includes(appId))
}

/** Random, so that a database that was restored from a backup never gives one out again. */
export function newEventId(): string {
  return `msg_${randomBytes(18).toString('base64url')}`
}

const columns = {
  webhook_id: 'bigint',
  event_id: 'text',
  event: 'text',
  once_key: 'text',
  sequence: 'bigint',
  conversation_id: 'bigint',
  body: 'text',
  state: 'text',
  next_at: 'bigint',
  created_at: 'bigint',
} as const
