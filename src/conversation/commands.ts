import type { AbandonReason, CloseReason } from '../protocol/reasons.js'
import type { Store } from '../store/index.js'
import type { OutgoingMessage } from '../wechat/index.js'
import type { AllowanceRules } from './allowance.js'
import { CommandError, mustBeAbleToChange, type Actor } from './command-checks.js'
import { holdConversation, type ContactAndConversation } from './conversation-rows.js'
import { addNote, queueMessage, stepMessage, type PersonStep } from './message-commands.js'
import { applyChange } from './owner-change.js'
import { changeOwnership, type Ownership, type OwnershipChange } from './ownership.js'
import { changeTags, MAX_TAGS } from './tags.js'
import { readUndo, UNDO_MS, undoNow, undoVerdict } from './undo.js'
import { UnitOfWork, type ConversationState } from './unit-of-work.js'

export interface ChangeOptions {
  /** Changes only what still has the epoch that was seen. */
  readonly epoch?: number | undefined
  /** Leaves all as it is when the conversation, now that it is held, is not so any more. */
  readonly onlyIf?: (conversation: ConversationState) => boolean
  /** For the line that the conversation gets. */
  readonly reason?: AbandonReason | CloseReason
}

export interface CommandsOptions {
  readonly store: Store
  readonly allowance: AllowanceRules
  readonly now: () => number
  /** Called after each commit that queued a message. */
  readonly onQueued: () => void
}

/** Two who take a conversation within so long have both seen it free, and neither means to take it from the other. */
const SAME_TIME_MS = 2000

/** How exactly it is kept when an agent was last active: what is written seldom costs little. */
const ACTIVE_EXACTLY_MS = 10_000

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
    return this.#holding(conversationId, async (unit, { contact, conversation, pending }) => {
      if (onlyIf && !onlyIf(conversation)) return conversation
      if (
        epoch === undefined
          ? await this.#isJustTaken(unit, conversation, change)
          : epoch !== conversation.epoch
      )
        throw new CommandError('not_possible', 'Somebody else has changed who has the conversation just now.')
      mustBeAbleToChange(conversation, change, actor)
      const next = changeOwnership(conversation, change)
      if (!next)
        throw new CommandError(
          'not_possible',
          `A conversation that is ${conversation.status} can’t be changed by ${change.type}.`,
        )
      if (next.epoch === conversation.epoch) return conversation
      await applyChange(
        unit,
        { contact, conversation, pending },
        { change, next, agentId: actor.agentId, reason },
      )
      return conversation
    })
  }

  /**
   * Takes back the close or release that made an epoch: who did it has the conversation again, and what the bot
   * queued meanwhile is cancelled. Throws CommandError when its time is over, or when somebody has acted since.
   */
  async undo(conversationId: number, epoch: number, actor: Actor): Promise<void> {
    await this.#holding(conversationId, async (unit, found) => {
      const record = await readUndo(unit, conversationId)
      const now = { epoch: found.conversation.epoch, at: await undoNow(unit) }
      const verdict = undoVerdict(record, { epoch, agentId: actor.agentId }, now)
      if (verdict === 'done_already') return
      if (verdict === 'not_yours')
        throw new CommandError('not_yours', 'Only the agent who closed it or gave it back can undo that.')
      if (verdict === 'late')
        throw new CommandError(
          'not_possible',
          `It can be undone for ${UNDO_MS / 1000} s only: take the conversation.`,
        )
      const change = { type: 'undo', agentId: actor.agentId ?? 0 } as const
      const next = changeOwnership(found.conversation, change)
      if (verdict !== 'undo' || record === null || !next)
        throw new CommandError('not_possible', 'Somebody has acted since, so there is nothing to undo.')
      await applyChange(unit, found, { change, next, agentId: actor.agentId, undone: record })
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
    const id = await this.#holding(conversationId, (unit, found) =>
      queueMessage(unit, found, message, { ...options, allowance: this.#options.allowance }),
    )
    this.#options.onQueued()
    return id()
  }

  /** Writes a note that only colleagues see; the same `clientId` is written once. */
  async note(
    conversationId: number,
    content: string,
    options: Actor & { clientId?: string | undefined },
  ): Promise<number> {
    const id = await this.#holding(conversationId, (unit, { conversation }) =>
      addNote(unit, conversation, content, options),
    )
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

  /** Puts tags on a customer and takes others off; what a colleague did at the same time stays. */
  async changeTags(
    conversationId: number,
    change: { readonly add: readonly string[]; readonly remove: readonly string[] },
  ): Promise<void> {
    await this.#holding(conversationId, async (unit, { contact, conversation }) => {
      const { isChanged, count } = await changeTags(unit, contact.id, change)
      if (count > MAX_TAGS)
        throw new CommandError('not_possible', `A customer has at most ${MAX_TAGS} tags: remove one first.`)
      if (isChanged) unit.save(conversation, true)
    })
  }

  /** Notes that a conversation's agent works on it: a conversation that is worked on is not taken away for idleness. */
  async active(conversationId: number, agentId: number): Promise<void> {
    const { store, now } = this.#options
    const at = now()
    await store.db
      .updateTable('conversation')
      .set({ active_at: at })
      .where('id', '=', conversationId)
      .where('status', '=', 'assigned')
      .where('agent_id', '=', agentId)
      // Also after the clock was put back.
      .where((eb) =>
        eb.or([
          eb('active_at', 'is', null),
          eb('active_at', '<', at - ACTIVE_EXACTLY_MS),
          eb('active_at', '>', at),
        ]),
      )
      .execute()
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
  async step(messageId: number, step: PersonStep, actor: Actor): Promise<void> {
    const { store, allowance } = this.#options
    const message = await store.db
      .selectFrom('message')
      .select('conversation_id')
      .where('id', '=', messageId)
      .where('direction', '=', 'outgoing')
      .executeTakeFirst()
    if (!message) throw new CommandError('not_found', 'There is no such outgoing message.')
    await this.#holding(message.conversation_id, (unit, found) =>
      stepMessage(unit, found, messageId, { step, actor, dialect: store.dialect, allowance }),
    )
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
    // What seems to come later than now was before the clock was put back.
    return at !== null && at > unit.now - SAME_TIME_MS && at <= unit.now
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
