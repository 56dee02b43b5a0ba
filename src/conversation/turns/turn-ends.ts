import type { AssistantAuthor } from '../../protocol/author.js'
import type { AssistantReason, RunOutcome } from '../../protocol/turns.js'
import type { Store, Tx } from '../../store/index.js'
import type { OutgoingMessage } from '../../wechat/index.js'
import type { AllowanceRules } from '../allowance.js'
import { AllowanceError } from '../allowance-error.js'
import { ConversationEdit } from '../conversation-edit.js'
import { holdConversation, spendingsOf } from '../conversation-rows.js'
import type { Shards } from '../shards.js'
import { UnitOfWork } from '../unit-of-work.js'
import { dueAt, TURN_MS } from './quiet-time.js'
import type { ClaimedTurn } from './turn-claims.js'

/** What an assistant made of a turn. */
export type TurnEnd =
  | {
      readonly kind: 'answer'
      /** The first is the answer; what follows, such as a card, goes where the allowance has room. */
      readonly messages: readonly [OutgoingMessage, ...OutgoingMessage[]]
      /** Whether the answer may still be given, read in the transaction that queues it. */
      readonly isStillTrue: (tx: Tx) => Promise<boolean>
    }
  | { readonly kind: 'silence' }
  /** It was given up: by the customer, by a new owner, or with the process. */
  | { readonly kind: 'aborted' }
  | {
      readonly kind: 'handoff'
      readonly reason: AssistantReason
      /** Said to the customer with it, where the allowance has room. */
      readonly words: string | undefined
    }

export interface TurnEnded {
  readonly outcome: RunOutcome
  /** The answer's id; null where nothing was said. */
  readonly messageId: number | null
}

export interface TurnEndsOptions {
  readonly store: Store
  readonly shards: Pick<Shards, 'hold'>
  readonly allowance: AllowanceRules
  readonly now: () => number
  /** Called after each commit that queued a message. */
  readonly onQueued: () => void
}

/** The entry that was to be sent is another by now, or none. */
export const CHANGED = 'changed'

/**
 * Ends turns, each in one transaction: it is looked at whether the answer is still wanted, and only then is it queued.
 * A conversation that another has, or a customer who went on, gets nothing.
 */
export class TurnEnds {
  readonly #options: TurnEndsOptions

  constructor(options: TurnEndsOptions) {
    this.#options = options
  }

  /** Writes the end; `note` is called in its transaction. `changed` where the answer is not true any more. */
  async end(
    turn: ClaimedTurn,
    end: TurnEnd,
    note: (tx: Tx, ended: TurnEnded) => Promise<void>,
  ): Promise<TurnEnded | typeof CHANGED> {
    const { store, shards, allowance, now, onQueued } = this.#options
    const result = await store.db.transaction().execute(async (tx) => {
      const superseded: TurnEnded = { outcome: 'superseded', messageId: null }
      if (!(await shards.hold(tx, [turn.shard]))) return superseded
      const found = await holdConversation(tx, store.dialect, turn.conversationId)
      const row = await tx.selectFrom('turn').selectAll().where('id', '=', turn.id).executeTakeFirst()
      if (!found || row?.ended_at !== null) return superseded
      if (row.version !== turn.version || row.state !== 'running') {
        await note(tx, superseded)
        return superseded
      }
      const { conversation } = found
      const unit = new UnitOfWork(tx, store.dialect, now())
      const costs = await spendingsOf(tx, conversation.id)
      const edit = new ConversationEdit(unit, found, allowance, costs)
      if (conversation.status !== 'bot' || conversation.epoch !== turn.epoch) {
        await this.#close(tx, turn, 'dropped', unit.now)
        edit.tell()
        await unit.flush()
        const taken: TurnEnded = { outcome: 'taken', messageId: null }
        await note(tx, taken)
        return taken
      }
      if (end.kind === 'aborted') {
        await tx
          .updateTable('turn')
          .set({ state: 'quiet', due_at: unit.now })
          .where('id', '=', turn.id)
          .execute()
        return superseded
      }
      if (end.kind === 'answer' && !(await end.isStillTrue(tx))) return CHANGED
      const { outcome, queued } = carryOut(edit, turn, end)
      const isOver = outcome === 'answered' || outcome === 'silent'
      await this.#close(tx, turn, isOver ? 'answered' : 'handed_off', unit.now)
      // What came while no restart was left is the next turn, unless people have it now.
      const isMore = isOver && row.behind_first_id !== null && row.behind_last_id !== null
      if (isMore) await this.#goOn(tx, turn, row.behind_first_id, row.behind_last_id, unit.now)
      else if (isOver) edit.settle()
      edit.tell()
      await unit.flush()
      await markAnswered(tx, turn, isOver || end.kind !== 'handoff' ? turn.author : 'nobody')
      const ended: TurnEnded = { outcome, messageId: queued?.id ?? null }
      await note(tx, ended)
      return ended
    })
    if (result !== CHANGED && result.outcome !== 'superseded') onQueued()
    return result
  }

  async #close(
    tx: Tx,
    turn: ClaimedTurn,
    state: 'answered' | 'handed_off' | 'dropped',
    now: number,
  ): Promise<void> {
    await tx.updateTable('turn').set({ state, ended_at: now }).where('id', '=', turn.id).execute()
  }

  async #goOn(
    tx: Tx,
    turn: ClaimedTurn,
    first: number | null,
    last: number | null,
    now: number,
  ): Promise<void> {
    if (first === null || last === null) return
    await tx
      .insertInto('turn')
      .values({
        conversation_id: turn.conversationId,
        shard: turn.shard,
        epoch: turn.epoch,
        assistant: turn.assistant,
        version: 1,
        first_message_id: first,
        last_message_id: last,
        state: 'quiet',
        due_at: dueAt({ msgType: 'text', text: '' }, now, now),
        deadline_at: now + TURN_MS,
        created_at: now,
      })
      .execute()
  }
}

/** Does to the conversation what the end says; where the allowance is used up, people get it. */
function carryOut(
  edit: ConversationEdit,
  turn: ClaimedTurn,
  end: Exclude<TurnEnd, { kind: 'aborted' }>,
): { outcome: RunOutcome; queued: { readonly id: number } | undefined } {
  const once = (place: number): string => `turn:${turn.id}:${turn.version}:${place}`
  switch (end.kind) {
    case 'silence':
      return { outcome: 'silent', queued: undefined }
    case 'answer': {
      const [first, ...others] = end.messages
      if (edit.repliesLeft === 0) {
        edit.handoffFor('allowance', turn.createdAt)
        return { outcome: 'no_allowance', queued: undefined }
      }
      const queued = edit.answerTurn(turn.author, once(0), first)
      for (const [index, message] of others.entries())
        if (edit.repliesLeft > 0) edit.answerTurn(turn.author, once(index + 1), message)
      return { outcome: 'answered', queued }
    }
    case 'handoff': {
      edit.handoffFor(end.reason, turn.createdAt)
      const queued = say(edit, turn, once(0), end.words)
      return { outcome: 'handed_off', queued }
    }
  }
}

function say(
  edit: ConversationEdit,
  turn: ClaimedTurn,
  once: string,
  words: string | undefined,
): { readonly id: number } | undefined {
  if (words === undefined || edit.repliesLeft === 0) return undefined
  try {
    return edit.answerTurn(turn.author, once, { msgType: 'text', content: words })
  } catch (error) {
    if (error instanceof AllowanceError) return undefined
    throw error
  }
}

/** Writes beside what the customer said who answered it. */
async function markAnswered(tx: Tx, turn: ClaimedTurn, by: AssistantAuthor | 'nobody'): Promise<void> {
  await tx
    .updateTable('message')
    .set({ answered_by: by })
    .where('conversation_id', '=', turn.conversationId)
    .where('id', '>=', turn.firstMessageId)
    .where('id', '<=', turn.lastMessageId)
    .where('direction', '=', 'incoming')
    .where('answered_by', 'is', null)
    .execute()
}
