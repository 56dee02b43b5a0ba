import { KefuError } from '../errors.js'
import type { Store } from '../store/index.js'
import type { OutgoingMessage } from '../wechat/index.js'
import { allowanceOf, type AllowanceRules } from './allowance.js'
import { holdConversation, spendingsOf, type ContactAndConversation } from './conversation-rows.js'
import { AllowanceError } from './draft.js'
import { nextMessageState, type MessageStep } from './message-state.js'
import { changeOwnership, type Ownership, type OwnershipChange } from './ownership.js'
import { UnitOfWork, type ConversationState } from './unit-of-work.js'
import { noteAnswered, noteTaken } from './waits.js'

export type CommandProblem = 'not_found' | 'not_yours' | 'not_possible'

/** A person's command that can't be carried out as things stand; nothing was changed. */
export class CommandError extends KefuError {
  readonly code: CommandProblem

  constructor(code: CommandProblem, message: string) {
    super(message)
    this.code = code
  }
}

/** Who gives a command: an agent by id, or a program with an API key (null). */
export interface Actor {
  readonly agentId: number | null
  /** May change what a colleague has; so may a program. */
  readonly admin?: boolean
}

export interface ChangeOptions {
  /** Changes only what still has the epoch that was seen. */
  readonly epoch?: number | undefined
  /** Leaves all as it is when the conversation, now that it is held, is not so any more. */
  readonly onlyIf?: (conversation: ConversationState) => boolean
  /** Why, for the line that tells it. */
  readonly reason?: string
}

export interface CommandsOptions {
  readonly store: Store
  readonly allowance: AllowanceRules
  readonly now: () => number
  /** Told after each commit that queued a message. */
  readonly onQueued: () => void
}

/** Two who take a conversation within so long have both seen it free, and neither means to take it from the other. */
const SAME_TIME_MS = 2000

/** What people do with conversations, each in one transaction that holds the conversation. */
export class Commands {
  readonly #options: CommandsOptions

  constructor(options: CommandsOptions) {
    this.#options = options
  }

  /**
   * Changes who has the conversation, and gives who had it before. What the bot had queued and not sent is cancelled
   * when a person takes it.
   */
  async change(
    conversationId: number,
    change: OwnershipChange,
    actor: Actor,
    { epoch, onlyIf, reason }: ChangeOptions = {},
  ): Promise<Ownership> {
    return this.#holding(conversationId, async (unit, { contact, conversation }) => {
      if (onlyIf && !onlyIf(conversation)) return conversation
      if (
        epoch === undefined
          ? await this.#isJustTaken(unit, conversation, change)
          : epoch !== conversation.epoch
      )
        throw new CommandError('not_possible', 'Somebody else has changed who has the conversation just now.')
      mayChange(conversation, change, actor)
      const next = changeOwnership(conversation, change)
      if (!next)
        throw new CommandError(
          'not_possible',
          `A conversation that is ${conversation.status} can’t be changed by ${change.type}.`,
        )
      if (next.epoch === conversation.epoch) return conversation
      const waitingSince =
        next.status === 'waiting'
          ? (conversation.waitingSince ?? unit.now)
          : next.status === 'assigned'
            ? conversation.waitingSince
            : null
      const state: ConversationState = { ...conversation, ...next, waitingSince }
      unit.save(state, true)
      unit.add({
        ...line(state),
        content: {
          line: change.type,
          // Of an abandoned one: who had it.
          agentId: change.type === 'abandon' ? conversation.agentId : actor.agentId,
          ...('agentId' in change ? { to: change.agentId } : {}),
          ...(reason !== undefined && { reason }),
        },
      })
      if (next.status !== 'waiting') await cancelBots(unit, conversationId)
      if ('agentId' in change) {
        const { id, status, waitingSince: since } = conversation
        const wait = { conversationId: id, appId: contact.appId, agentId: change.agentId }
        if (status === 'waiting' && since !== null) await noteTaken(unit.tx, { ...wait, since }, unit.now)
        await unit.tx
          .updateTable('conversation')
          .set({ assigned_at: unit.now })
          .where('id', '=', id)
          .execute()
      }
      return conversation
    })
  }

  /**
   * Queues a person's message, to leave after `holdMs`; the same `clientId` is queued once. Throws AllowanceError when
   * WeChat would not accept it, CommandError when the conversation is not the actor's.
   */
  async send(
    conversationId: number,
    message: OutgoingMessage,
    options: Actor & { clientId: string; holdMs?: number },
  ): Promise<number> {
    const id = await this.#holding(conversationId, async (unit, { contact, conversation }) => {
      const onceKey = `client:${conversationId}:${options.clientId}`
      const before = await unit.tx
        .selectFrom('message')
        .select('id')
        .where('once_key', '=', onceKey)
        .executeTakeFirst()
      if (before) return () => before.id
      mustBeYours(conversation, options)
      const spendings = await spendingsOf(unit.tx, conversationId)
      const { remaining, source } = allowanceOf(conversation, spendings, this.#options.allowance, unit.now)
      if (remaining === 0)
        throw new AllowanceError(
          source === 'none'
            ? 'WeChat allows no reply now: the time since the customer’s last message is over. They must write again.'
            : 'All messages that WeChat allows are used. They return when the customer writes again.',
        )
      unit.save({ ...conversation, waitingSince: null }, true)
      const { agentId } = options
      const { waitingSince: since } = conversation
      if (agentId !== null && since !== null)
        await noteAnswered(unit.tx, { conversationId, appId: contact.appId, agentId, since }, unit.now)
      const added = unit.add({
        conversationId,
        direction: 'outgoing',
        author: options.agentId === null ? 'api' : `agent:${options.agentId}`,
        msgType: message.msgType,
        content: message,
        state: 'queued',
        onceKey,
        epoch: conversation.epoch,
        pushId: null,
        ...(options.holdMs ? { notBefore: unit.now + options.holdMs } : {}),
      })
      return () => added.id
    })
    this.#options.onQueued()
    return id()
  }

  /** Writes a note that only colleagues see. */
  async note(conversationId: number, content: string, actor: Actor): Promise<number> {
    const id = await this.#holding(conversationId, async (unit, { conversation }) => {
      const added = unit.add({
        ...line(conversation),
        direction: 'note',
        author: actor.agentId === null ? 'api' : `agent:${actor.agentId}`,
        msgType: 'text',
        content: { msgType: 'text', content },
      })
      return () => added.id
    })
    return id()
  }

  /** Sets a customer's tags. */
  async setTags(conversationId: number, tags: readonly string[]): Promise<void> {
    await this.#holding(conversationId, async (unit, { contact, conversation }) => {
      await unit.tx.deleteFrom('contact_tag').where('contact_id', '=', contact.id).execute()
      const rows = [...new Set(tags)].map((tag) => ({ contact_id: contact.id, tag }))
      if (rows.length > 0) await unit.tx.insertInto('contact_tag').values(rows).execute()
      unit.save(conversation, true)
    })
  }

  /** Gives a customer another name or remark; null takes it away. */
  async describe(
    conversationId: number,
    facts: { readonly name?: string | null | undefined; readonly remark?: string | null | undefined },
  ): Promise<void> {
    await this.#holding(conversationId, async (unit, { contact, conversation }) => {
      const { name = contact.name, remark = contact.remark } = facts
      await unit.tx.updateTable('contact').set({ name, remark }).where('id', '=', contact.id).execute()
      unit.save(conversation, true)
    })
  }

  /**
   * Notes how far a conversation has been read; it never goes back. What a colleague has stays unread until they
   * have seen it.
   */
  async read(conversationId: number, messageId: number, actor: Actor): Promise<void> {
    await this.#holding(conversationId, async (unit, { conversation }) => {
      const { status, agentId, lastMessageId } = conversation
      if (status === 'assigned' && actor.agentId !== null && actor.agentId !== agentId) return
      // What comes later is not read yet, whatever number is said.
      const upTo = Math.min(messageId, lastMessageId ?? 0)
      const { numUpdatedRows } = await unit.tx
        .updateTable('conversation')
        .set({ read_message_id: upTo })
        .where('id', '=', conversationId)
        .where((eb) => eb.or([eb('read_message_id', 'is', null), eb('read_message_id', '<', upTo)]))
        .executeTakeFirst()
      if (numUpdatedRows > 0n) unit.save(conversation, true)
    })
  }

  /** Takes a step with an outgoing message: retry or cancel it, or say what became of an unknown one. */
  async step(
    messageId: number,
    step: Extract<MessageStep, 'retry' | 'cancel' | 'accept' | 'fail'>,
    actor: Actor,
  ): Promise<void> {
    const { store } = this.#options
    const message = await store.db
      .selectFrom('message')
      .select('conversation_id')
      .where('id', '=', messageId)
      .where('direction', '=', 'outgoing')
      .executeTakeFirst()
    if (!message) throw new CommandError('not_found', 'There is no such outgoing message.')
    await this.#holding(message.conversation_id, async (unit, { conversation }) => {
      mustBeYours(conversation, actor)
      const { state } = await unit.tx
        .selectFrom('message')
        .select('state')
        .where('id', '=', messageId)
        .$if(store.dialect === 'postgres', (query) => query.forUpdate())
        .executeTakeFirstOrThrow()
      const byPerson = step === 'cancel' || step === 'retry' || state === 'unknown'
      const next = state === null || !byPerson ? undefined : nextMessageState(state, step)
      if (next === undefined)
        throw new CommandError(
          'not_possible',
          `A message that is ${state ?? 'not outgoing'} allows no ${step}.`,
        )
      if (next === 'queued') {
        const spendings = await spendingsOf(unit.tx, conversation.id)
        if (allowanceOf(conversation, spendings, this.#options.allowance, unit.now).remaining === 0)
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
    })
    // What stood behind a message that was cancelled is next.
    if (step === 'retry' || step === 'cancel') this.#options.onQueued()
  }

  /** Whether a colleague got it while whoever takes it now could still see it free. */
  async #isJustTaken(
    unit: UnitOfWork,
    { id, status, agentId }: Ownership & { id: number },
    change: OwnershipChange,
  ): Promise<boolean> {
    if (change.type !== 'take' || status !== 'assigned' || agentId === change.agentId) return false
    const { assigned_at: at } = await unit.tx
      .selectFrom('conversation')
      .select('assigned_at')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    return at !== null && at > unit.now - SAME_TIME_MS
  }

  async #holding<T>(
    conversationId: number,
    work: (unit: UnitOfWork, found: ContactAndConversation) => Promise<T>,
  ): Promise<T> {
    const { store, now } = this.#options
    return store.db.transaction().execute(async (tx) => {
      const found = await holdConversation(tx, store.dialect, conversationId)
      if (!found) throw new CommandError('not_found', 'There is no such conversation.')
      const unit = new UnitOfWork(tx, store.dialect, now())
      const result = await work(unit, found)
      await unit.flush()
      return result
    })
  }
}

/**
 * What a colleague has, a plain agent may take, which everybody sees; to give it away or to end it is for whoever
 * has it, an admin, or a program.
 */
function mayChange(conversation: ConversationState, change: OwnershipChange, actor: Actor): void {
  const needsOwner = change.type === 'release' || change.type === 'assign' || change.type === 'close'
  if (!needsOwner || conversation.status !== 'assigned') return
  if (actor.agentId === null || actor.admin === true || conversation.agentId === actor.agentId) return
  throw new CommandError('not_yours', 'A colleague has the conversation: take it first.')
}

/** Only who has a conversation writes in it; a program with an API key may wherever no agent has it. */
function mustBeYours(conversation: ConversationState, actor: Actor): void {
  const yours =
    actor.agentId === null ? conversation.status !== 'assigned' : conversation.agentId === actor.agentId
  if (!yours) throw new CommandError('not_yours', 'The conversation is not yours: take it before you reply.')
}

async function cancelBots(unit: UnitOfWork, conversationId: number): Promise<void> {
  const cancelled = await unit.tx
    .updateTable('message')
    .set({ state: 'cancelled', problem: 'taken_over' })
    .where('conversation_id', '=', conversationId)
    .where('state', '=', 'queued')
    .where((eb) => eb.or([eb('author', '=', 'bot'), eb('author', 'like', 'rule:%')]))
    .returning('id')
    .execute()
  for (const { id } of cancelled) unit.changed(conversationId, id)
}

function line(state: ConversationState) {
  return {
    conversationId: state.id,
    direction: 'system' as const,
    author: 'system',
    msgType: 'system',
    state: null,
    onceKey: null,
    epoch: state.epoch,
    pushId: null,
  }
}
