import type { Tx } from '../store/index.js'

/** The customer's last message counts as unread again, if it did not: whoever was given the conversation has read none. */
export async function markUnread(tx: Tx, conversationId: number): Promise<void> {
  const last = await tx
    .selectFrom('message')
    .select('id')
    .where('conversation_id', '=', conversationId)
    .where('direction', '=', 'incoming')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (last)
    await tx
      .updateTable('conversation')
      .set({ read_message_id: last.id - 1 })
      .where('id', '=', conversationId)
      .where('read_message_id', '>=', last.id)
      .execute()
}
