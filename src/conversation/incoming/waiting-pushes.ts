import { sql } from 'kysely'
import { bulkRows, type Store } from '../../store/index.js'
import { restorePush, type Answer, type Push } from '../../wechat/index.js'
import { withCustomer } from './customer.js'

/** A push that was committed and not handled yet. */
export interface WaitingPush {
  readonly id: number
  readonly push: Push
  /** Milliseconds since 1970. */
  readonly receivedAt: number
  /** What WeChat was answered; null while it waits. */
  readonly answer: Answer | null
  /** How often handlers in code were begun for it. */
  readonly attempts: number
}

/** Returns the oldest pushes of some shards that wait to be handled, but those `except`, by the ids of their rows. */
export async function waitingPushes(
  store: Pick<Store, 'db' | 'dialect'>,
  { shards, except, most }: { shards: readonly number[]; except: readonly number[]; most: number },
): Promise<WaitingPush[]> {
  const running = bulkRows(
    store.dialect,
    { id: 'bigint' },
    except.map((id) => ({ id })),
  )
  const rows = await store.db
    .selectFrom('push')
    .select(['id', 'app_id', 'plaintext', 'format', 'unreadable', 'received_at', 'answer', 'attempts'])
    .where('state', '=', 'new')
    .where('shard', 'in', [...shards])
    .where(sql<boolean>`id not in (select id from ${running})`)
    .orderBy('id')
    .limit(most)
    .execute()
  return rows.map(
    ({ id, app_id: appId, plaintext, format, unreadable, received_at: receivedAt, answer, attempts }) => ({
      id,
      push: withCustomer(restorePush({ appId, plaintext, format, unreadable: unreadable ?? undefined })),
      receivedAt,
      answer,
      attempts,
    }),
  )
}
