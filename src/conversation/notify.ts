import type { Dialect, Tx } from '../store/index.js'
import { UnitOfWork } from './unit-of-work.js'

/** Tells pages, in the transaction that changes them, about messages that another layer changed. */
export async function notifyOfMessages(
  tx: Tx,
  dialect: Dialect,
  now: number,
  messages: readonly { readonly conversationId: number; readonly messageId: number }[],
): Promise<void> {
  const unit = new UnitOfWork(tx, dialect, now)
  for (const { conversationId, messageId } of messages) unit.changed(conversationId, messageId)
  await unit.flush()
}
