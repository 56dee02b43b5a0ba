import type { AuthorText } from '../protocol/author.js'
import { agentAuthor } from '../protocol/author.js'
import type { Dialect } from '../store/index.js'
import type { OutgoingMessage } from '../wechat/index.js'
import { allowanceOf, type AllowanceRules } from './allowance.js'
import { CommandError, mustBeAnswerable, mustBeYours, type Actor } from './command-checks.js'
import { AllowanceError } from './allowance-error.js'
import { spendingsOf, type ContactAndConversation } from './conversation-rows.js'
import { nextMessageState, type MessageStep } from './message-state.js'
import { systemMessage } from './system-line.js'
import { writeUndo } from './undo.js'
import type { ConversationState, UnitOfWork } from './unit-of-work.js'
import { noteAnswered } from './waits.js'

// What people do with the messages of a conversation that is held.

/** Steps that a person takes with an outgoing message. */
export type PersonStep = Extract<MessageStep, 'retry' | 'cancel' | 'accept' | 'fail'>

export interface QueueOptions extends Actor {
  readonly clientId: string
  readonly holdMs?: number
  readonly allowance: AllowanceRules
}

/** Adds a message to what is sent. Returns its id, which is known once the unit of work is flushed. */
export async function queueMessage(
  unit: UnitOfWork,
  { contact, conversation }: ContactAndConversation,
  message: OutgoingMessage,
  options: QueueOptions,
): Promise<() => number> {
  const conversationId = conversation.id
  const onceKey = `client:${conversationId}:${options.clientId}`
  const before = await writtenAs(unit, onceKey)
  if (before !== undefined) return () => before
  mustBeYours(conversation, options)
  mustBeAnswerable(contact)
  const spendings = await spendingsOf(unit.tx, conversationId)
  const { remaining, source } = allowanceOf(conversation, spendings, options.allowance, unit.now)
  if (remaining === 0)
    throw new AllowanceError(
      source === 'none'
        ? 'WeChat allows no reply now: the time since the customer’s last message is over. They must write again.'
        : 'All messages that WeChat allows are used. They return when the customer writes again.',
    )
  unit.save({ ...conversation, waitingSince: null }, true)
  await writeUndo(unit, conversationId, null)
  const { agentId } = options
  const { waitingSince: since } = conversation
  if (agentId !== null && since !== null)
    await noteAnswered(unit.tx, { conversationId, appId: contact.appId, agentId, since }, unit.now)
  const added = unit.add({
    conversationId,
    direction: 'outgoing',
    author: authorOf(options.agentId),
    msgType: message.msgType,
    content: message,
    state: 'queued',
    onceKey,
    epoch: conversation.epoch,
    pushId: null,
    ...(options.holdMs ? { notBefore: unit.now + options.holdMs } : {}),
  })
  return () => added.id
}

/** Adds a note. Returns its id, which is known once the unit of work is flushed. */
export async function addNote(
  unit: UnitOfWork,
  conversation: ConversationState,
  content: string,
  { clientId, agentId }: Actor & { readonly clientId?: string | undefined },
): Promise<() => number> {
  // Apart from those of messages: a note is never taken for a message that was submitted under the same name.
  const onceKey = clientId === undefined ? null : `note:${conversation.id}:${clientId}`
  const before = onceKey === null ? undefined : await writtenAs(unit, onceKey)
  if (before !== undefined) return () => before
  const added = unit.add({
    ...systemMessage(conversation),
    direction: 'note',
    onceKey,
    author: authorOf(agentId),
    msgType: 'text',
    content: { msgType: 'text', content },
  })
  return () => added.id
}

export interface StepOptions {
  readonly step: PersonStep
  readonly actor: Actor
  readonly dialect: Dialect
  readonly allowance: AllowanceRules
}

/** Takes a step with an outgoing message. Throws CommandError where its state allows none, AllowanceError as queueMessage. */
export async function stepMessage(
  unit: UnitOfWork,
  { contact, conversation }: ContactAndConversation,
  messageId: number,
  { step, actor, dialect, allowance }: StepOptions,
): Promise<void> {
  mustBeYours(conversation, actor)
  const { state } = await unit.tx
    .selectFrom('message')
    .select('state')
    .where('id', '=', messageId)
    .$if(dialect === 'postgres', (query) => query.forUpdate())
    .executeTakeFirstOrThrow()
  const byPerson = step === 'cancel' || step === 'retry' || state === 'unknown'
  const next = state === null || !byPerson ? undefined : nextMessageState(state, step)
  if (next === undefined)
    throw new CommandError('not_possible', `A message that is ${state ?? 'not outgoing'} allows no ${step}.`)
  if (next === 'queued') {
    mustBeAnswerable(contact)
    const spendings = await spendingsOf(unit.tx, conversation.id)
    if (allowanceOf(conversation, spendings, allowance, unit.now).remaining === 0)
      throw new AllowanceError('WeChat allows no more messages until the customer writes again.')
  }
  await unit.tx
    .updateTable('message')
    .set({
      state: next,
      not_before: null,
      epoch: conversation.epoch,
      ...(next === 'queued' ? { errcode: null, problem: null, rid: null } : {}),
    })
    .where('id', '=', messageId)
    .execute()
  unit.changed(conversation.id, messageId)
}

/** The message that was written under a key; undefined when there is none. */
async function writtenAs(unit: UnitOfWork, onceKey: string): Promise<number | undefined> {
  const row = await unit.tx
    .selectFrom('message')
    .select('id')
    .where('once_key', '=', onceKey)
    .executeTakeFirst()
  return row?.id
}

/** A program has no agent's id. */
function authorOf(agentId: number | null): AuthorText {
  return agentId === null ? 'api' : agentAuthor(agentId)
}
