import { shardOf, type Tx } from '../../store/index.js'
import { dueAt, TURN_MS, type Said } from './quiet-time.js'

/** A customer's message that is left to an assistant. */
export interface TurnWish {
  readonly assistant: string
  readonly conversationId: number
  readonly appId: string
  readonly openId: string
  /** The conversation's when the message was handled. */
  readonly epoch: number
  readonly said: Said
  readonly pushId: number
  /** The message; undefined where an earlier transaction wrote it. */
  readonly received: { readonly id: number } | undefined
}

/** How often a customer may go on and have the answer begun anew. Then it answers what it saw. */
export const MAX_RESTARTS = 2

/**
 * Opens the turns of conversations, or has those that are open take the message in. To be called once the messages
 * have their ids.
 */
export async function openTurns(tx: Tx, wishes: readonly TurnWish[], now: number): Promise<void> {
  for (const wish of wishes) await openTurn(tx, wish, now)
}

async function openTurn(tx: Tx, wish: TurnWish, now: number): Promise<void> {
  const { assistant, conversationId, epoch, said } = wish
  const messageId = wish.received?.id ?? (await writtenFor(tx, wish))
  if (messageId === undefined) return
  const open = await tx
    .selectFrom('turn')
    .selectAll()
    .where('conversation_id', '=', conversationId)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  if (open && (open.epoch !== epoch || open.assistant !== assistant)) {
    await tx.updateTable('turn').set({ state: 'dropped', ended_at: now }).where('id', '=', open.id).execute()
  } else if (open) {
    // The same message again, after a handler in code was cut off.
    if (messageId <= Math.max(open.last_message_id, open.behind_last_id ?? 0)) return
    const isLeftToEnd = open.state === 'running' && open.restarts >= MAX_RESTARTS
    await tx
      .updateTable('turn')
      .set(
        isLeftToEnd
          ? { behind_first_id: open.behind_first_id ?? messageId, behind_last_id: messageId }
          : {
              version: open.version + 1,
              last_message_id: messageId,
              state: 'quiet',
              restarts: open.restarts + (open.state === 'running' ? 1 : 0),
              attempts: 0,
              due_at: dueAt(said, open.created_at, now),
            },
      )
      .where('id', '=', open.id)
      .execute()
    return
  }
  await tx
    .insertInto('turn')
    .values({
      conversation_id: conversationId,
      shard: shardOf(wish.appId, wish.openId),
      epoch,
      assistant,
      version: 1,
      first_message_id: messageId,
      last_message_id: messageId,
      state: 'quiet',
      due_at: dueAt(said, now, now),
      deadline_at: now + TURN_MS,
      created_at: now,
    })
    .execute()
}

/** The message that a push brought, which may have been erased since. */
async function writtenFor(
  tx: Tx,
  { conversationId, pushId }: Pick<TurnWish, 'conversationId' | 'pushId'>,
): Promise<number | undefined> {
  const row = await tx
    .selectFrom('message')
    .select('id')
    .where('conversation_id', '=', conversationId)
    .where('push_id', '=', pushId)
    .where('direction', '=', 'incoming')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.id
}
