import { bulkStatement, messagesToSend, type Store } from '../../store/index.js'
import type { OutgoingMessage } from '../../wechat/index.js'
import type { SendJob } from './send-log.js'

/** A message that waits to be sent. */
export interface Queued extends SendJob {
  readonly appId: string
  readonly openId: string
  readonly message: OutgoingMessage
  readonly attempts: number
}

/** How many are read at once. */
const PAGE = 500

/**
 * Returns the first queued message of each conversation of the shards, the oldest first, and when it may leave, in
 * milliseconds since 1970.
 */
export async function firstQueued(
  { db, dialect }: Pick<Store, 'db' | 'dialect'>,
  shards: readonly number[],
): Promise<(Queued & { readonly notBefore: number | null })[]> {
  const { packed } = await read(
    db,
    dialect,
    shards.map((shard) => ({ shard })),
  )
  return (JSON.parse(packed) as Row[]).map(
    ([id, conversationId, shard, appId, openId, content, attempts, notBefore]) => ({
      id,
      conversationId,
      shard,
      appId,
      openId,
      message: JSON.parse(content) as OutgoingMessage,
      attempts,
      notBefore,
    }),
  )
}

type Row = [
  id: number,
  conversationId: number,
  shard: number,
  appId: string,
  openId: string,
  content: string,
  attempts: number,
  notBefore: number | null,
]

const read = bulkStatement({ shard: 'bigint' }, ({ dialect, rows, packed }) =>
  packed(
    ['id', 'conversation_id', 'shard', 'app_id', 'open_id', 'content', 'attempts', 'not_before'],
    `select m.id, m.conversation_id, c.shard, contact.app_id, contact.open_id, m.content, m.attempts, m.not_before
    from (select min(id) as id from ${messagesToSend(dialect)} where state in ('queued', 'sending') group by conversation_id) as head
    join message m on m.id = head.id join conversation c on c.id = m.conversation_id
    join contact on contact.id = c.contact_id
    where m.state = 'queued' and c.shard in (select shard from ${rows}) order by m.id limit ${PAGE}`,
  ),
)
