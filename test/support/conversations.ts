import type { Selectable } from 'kysely'
import { openConversations } from '../../src/conversation/conversation-rows.js'
import { UnitOfWork, type NewMessage } from '../../src/conversation/unit-of-work.js'
import type { ConversationTable, MessageTable, Store } from '../../src/store/index.js'

export const appId = 'wx0123456789abcdef'

/** A customer who wrote at a time, in milliseconds; returns their conversation's id. */
export async function customerWrote(store: Store, openId: string, at: number): Promise<number> {
  const found = await store.db
    .transaction()
    .execute((tx) => openConversations(tx, store.dialect, [{ appId, openId }], at))
  const id = [...found.values()][0]?.conversation.id ?? 0
  await changeConversation(store, id, { message_seconds: Math.floor(at / 1000), message_received_at: at })
  return id
}

export async function changeConversation(
  store: Store,
  id: number,
  change: Record<string, string | number | null>,
): Promise<void> {
  await store.db.updateTable('conversation').set(change).where('id', '=', id).execute()
}

/** Queues a text of the bot; returns its id. */
export async function queueText(
  store: Store,
  conversationId: number,
  content: string,
  change: Partial<NewMessage> = {},
): Promise<number> {
  return store.db.transaction().execute(async (tx) => {
    const unit = new UnitOfWork(tx, store.dialect, 0)
    const added = unit.add({
      conversationId,
      direction: 'outgoing',
      author: 'bot',
      msgType: 'text',
      content: { msgType: 'text', content },
      state: 'queued',
      onceKey: null,
      epoch: 0,
      pushId: null,
      ...change,
    })
    await unit.flush()
    return added.id
  })
}

export const messageRow = (store: Store, id: number): Promise<Selectable<MessageTable>> =>
  store.db.selectFrom('message').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

export const conversationRow = (store: Store, id: number): Promise<Selectable<ConversationTable>> =>
  store.db.selectFrom('conversation').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

/** How often pages were told of a message. */
export async function toldOf(store: Store, messageId: number): Promise<number> {
  const rows = await store.db.selectFrom('feed').select('data').execute()
  return rows.filter(({ data }) => (JSON.parse(data) as { messageId?: number }).messageId === messageId)
    .length
}
