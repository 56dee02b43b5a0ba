import { sql } from 'kysely'
import type { Store } from '../../store/index.js'

/** Where a queue stands. */
export interface QueueState {
  readonly depth: number
  /** Milliseconds since 1970 of the oldest entry; undefined when there is none. */
  readonly oldestAt: number | undefined
}

export type Queues = Readonly<
  Record<'inbox' | 'outbox' | 'webhooks' | 'webhooks_dead', () => Promise<QueueState>>
>

/** How the queues stand; they are indexes of what is still to do, so asking stays cheap however much is kept. */
export function queues({ db }: Store): Queues {
  return {
    inbox: async () => {
      const { rows } = await sql<Row>`
        select count(*) as depth, min(received_at) as oldest_at from push where state = 'new'`.execute(db)
      return stateOf(rows)
    },
    outbox: async () => {
      const { rows } = await sql<Row>`
        select count(*) as depth, min(created_at) as oldest_at from message where state in ('queued', 'sending')`.execute(
        db,
      )
      return stateOf(rows)
    },
    webhooks: async () => {
      const { rows } = await sql<Row>`
        select count(*) as depth, min(created_at) as oldest_at from webhook_delivery where state in ('queued', 'retry')`.execute(
        db,
      )
      return stateOf(rows)
    },
    webhooks_dead: async () => {
      const { rows } = await sql<Row>`
        select count(*) as depth, min(settled_at) as oldest_at from webhook_delivery where state = 'dead'`.execute(
        db,
      )
      return stateOf(rows)
    },
  }
}

interface Row {
  depth: number
  oldest_at: number | null
}

function stateOf([row]: readonly Row[]): QueueState {
  return { depth: row?.depth ?? 0, oldestAt: row?.oldest_at ?? undefined }
}
