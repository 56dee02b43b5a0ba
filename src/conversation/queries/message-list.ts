import { messageViewColumns, viewsOfMessages, type MessageView } from './message-view.js'
import type { ViewSource } from './view-source.js'

export interface MessagePage {
  readonly items: readonly MessageView[]
  /** The id to ask the page behind it with; null when there is none. */
  readonly next: string | null
}

/** A conversation's messages, newest first, those before an id where one is given. */
export async function listMessages(
  source: ViewSource,
  conversationId: number,
  { before, limit }: { before?: number | undefined; limit: number },
): Promise<MessagePage> {
  const rows = await source.store.db
    .selectFrom('message')
    .select(messageViewColumns)
    .where('conversation_id', '=', conversationId)
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? 0))
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  const items = await viewsOfMessages(rows.slice(0, limit), source)
  return { items, next: rows.length > limit ? String(items.at(-1)?.id) : null }
}
