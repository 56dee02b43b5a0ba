import { readSetting, type Store } from '../store/index.js'

/** Something that happened, for pages and outgoing webhooks to follow. */
export interface FeedItem {
  readonly sequence: number
  readonly kind: string
  readonly conversationId: number | null
  readonly messageId: number | null
  readonly at: number
}

/** Returns the events after a number, in commit order; `reset` when some were pruned, so that a page must load anew. */
export async function readFeed(
  store: Pick<Store, 'db'>,
  after: number,
  limit: number,
): Promise<{ items: FeedItem[]; reset: boolean }> {
  const rows = await store.db
    .selectFrom('feed')
    .selectAll()
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(limit)
    .execute()
  const prunedTo = await readSetting(store.db, 'feed_pruned_to')
  return {
    items: rows.map((row) => ({
      sequence: row.sequence,
      kind: row.kind,
      conversationId: row.conversation_id,
      messageId: messageIdOf(row.data),
      at: row.at,
    })),
    reset: prunedTo !== undefined && after < Number(prunedTo),
  }
}

/** The workspace's number as it stands: where a page that loads now begins to follow. */
export async function currentSequence(store: Pick<Store, 'db'>): Promise<number> {
  const { value } = await store.db
    .selectFrom('sequence')
    .select('value')
    .where('name', '=', 'workspace')
    .executeTakeFirstOrThrow()
  return value
}

function messageIdOf(data: string): number | null {
  const { messageId } = JSON.parse(data) as { messageId?: number }
  return messageId ?? null
}
