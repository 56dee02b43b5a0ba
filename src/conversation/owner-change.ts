import type { AbandonReason, CloseReason, MessageProblem } from '../protocol/reasons.js'
import type { ContactAndConversation } from './conversation-rows.js'
import type { Ownership, OwnershipChange } from './ownership.js'
import { systemMessage } from './system-line.js'
import { undoNow, writeUndo, type UndoRecord } from './undo.js'
import type { ConversationState, UnitOfWork } from './unit-of-work.js'
import { markUnread } from './unread.js'
import { noteTaken } from './waits.js'
import { writtenByBot } from './queries/author-conditions.js'

/** A change of owner that is allowed, with what it makes of the conversation. */
export interface AllowedChange {
  readonly change: OwnershipChange
  readonly next: Ownership
  /** Who does it; null for a program. */
  readonly agentId: number | null
  /** Why, for the line that tells it. */
  readonly reason?: AbandonReason | CloseReason | undefined
  /** What is undone by it. */
  readonly undone?: UndoRecord | undefined
}

/**
 * Carries out a change of owner by a person or a program: the conversation, the line that tells it, the bot's queued
 * messages, the wait that it ends, and how it may be undone.
 */
export async function applyChange(
  unit: UnitOfWork,
  { contact, conversation }: ContactAndConversation,
  { change, next, agentId, reason, undone }: AllowedChange,
): Promise<void> {
  const { id } = conversation
  const before = conversation.waitingSince ?? undone?.waitingSince ?? null
  const waitingSince =
    next.status === 'waiting' ? (before ?? unit.now) : next.status === 'assigned' ? before : null
  const state: ConversationState = { ...conversation, ...next, waitingSince }
  unit.save(state, true)
  unit.add({
    ...systemMessage(state),
    content: {
      line: change.type,
      // Of an abandoned one: who had it.
      agentId: change.type === 'abandon' ? conversation.agentId : agentId,
      ...('agentId' in change ? { to: change.agentId } : {}),
      ...(reason !== undefined && { reason }),
    },
  })
  if (next.status !== 'waiting') await cancelBots(unit, id)
  if ('agentId' in change) {
    const { status, waitingSince: since } = conversation
    const wait = { conversationId: id, appId: contact.appId, agentId: change.agentId }
    if (status === 'waiting' && since !== null) await noteTaken(unit.tx, { ...wait, since }, unit.now)
    if (change.agentId !== agentId) await markUnread(unit.tx, id)
    await unit.tx
      .updateTable('conversation')
      .set({ assigned_at: unit.now, active_at: null })
      .where('id', '=', id)
      .execute()
  }
  await writeUndo(unit, id, await undoOf(unit, conversation, { change, next, agentId, undone }))
}

async function undoOf(
  unit: UnitOfWork,
  { waitingSince }: ConversationState,
  { change, next, agentId, undone }: Pick<AllowedChange, 'change' | 'next' | 'agentId' | 'undone'>,
): Promise<UndoRecord | null> {
  if (undone) return { ...undone, undoneAs: next.epoch }
  if ((change.type !== 'close' && change.type !== 'release') || agentId === null) return null
  return { what: change.type, epoch: next.epoch, agentId, at: await undoNow(unit), waitingSince }
}

/** What the bot has queued and not sent is not sent any more. */
async function cancelBots(unit: UnitOfWork, conversationId: number): Promise<void> {
  const cancelled = await unit.tx
    .updateTable('message')
    .set({ state: 'cancelled', problem: 'taken_over' satisfies MessageProblem })
    .where('conversation_id', '=', conversationId)
    .where('state', '=', 'queued')
    .where(writtenByBot('author'))
    .returning('id')
    .execute()
  for (const { id } of cancelled) unit.changed(conversationId, id)
}
