import { sql } from 'kysely'
import { ApiError, NetworkError } from '../errors.js'
import { Batcher, bulkRows, type Store, type Tx } from '../store/index.js'
import { closedWindow, type Triggers } from './allowance.js'
import type { Status } from './conversing.js'
import { nextMessageState, type MessageState, type MessageStep } from './message-state.js'
import type { Shards } from './shards.js'
import { UnitOfWork } from './unit-of-work.js'

/** A message on its way. */
export interface Leaving {
  readonly id: number
  readonly conversationId: number
  readonly shard: number
}

/** A change of one message's state, to be committed. */
export interface SendChange {
  readonly message: Leaving
  readonly step: MessageStep
  readonly error?: unknown
  readonly notBefore?: number
}

/** How a message and its conversation stand when a change is to be committed. */
interface Standing {
  readonly state: MessageState
  readonly sentAt: number | null
  readonly byBot: boolean
  readonly epoch: number
  readonly conversation: Triggers & { readonly status: Status; readonly epoch: number }
}

export interface SendLogOptions {
  readonly store: Store
  readonly shards: Pick<Shards, 'hold'>
  readonly now: () => number
}

/** Commits what becomes of messages, all changes of one turn in one transaction. */
export class SendLog {
  readonly #options: SendLogOptions
  readonly #changes: Batcher<SendChange, boolean>

  constructor(options: SendLogOptions) {
    this.#options = options
    this.#changes = new Batcher((changes) => this.#commit(changes))
  }

  /**
   * Resolves after the commit: whether the change was made. A message that wants to leave and may not any more is
   * cancelled instead, with the reason.
   */
  add(change: SendChange): Promise<boolean> {
    return this.#changes.add(change)
  }

  /** Commits changes of state; an outcome is false where the message was not in a state to change so. */
  async #commit(changes: readonly SendChange[]): Promise<{ result: boolean }[]> {
    const { store, now } = this.#options
    return store.db.transaction().execute(async (tx) => {
      const unit = new UnitOfWork(tx, store.dialect, now())
      // An outcome is noted whoever has the conversation now; leaving is for its process only.
      const leaving = changes
        .filter((change) => change.step === 'leave')
        .map((change) => change.message.shard)
      const held = await this.#options.shards.hold(tx, leaving)
      const standings = await this.#standingsOf(tx, changes)
      const rows = changes.flatMap((change) => {
        const standing = standings.get(change.message.id)
        if (standing === undefined || (change.step === 'leave' && !held)) return []
        const outcome = outcomeOf(change, standing, unit.now)
        return outcome === undefined ? [] : [{ ...describe(change), ...outcome, id: change.message.id }]
      })
      if (rows.length > 0)
        await sql`
          update message set state = rows.state, errcode = rows.errcode, problem = rows.problem, rid = rows.rid,
            not_before = rows.not_before,
            attempts = attempts + case when rows.state = 'sending' then 1 else 0 end,
            sent_at = case when rows.state in ('sending', 'accepted', 'unknown') then rows.at else sent_at end
          from ${bulkRows(store.dialect, changeColumns, rows)} where message.id = rows.id`.execute(tx)
      const made = new Map(rows.map((row) => [row.id, row.state]))
      for (const { message } of changes)
        if (made.has(message.id)) unit.changed(message.conversationId, message.id)
      await this.#correct(tx, changes, standings)
      await unit.flush()
      return changes.map(({ message, step }) => {
        const state = made.get(message.id)
        return { result: step === 'leave' ? state === 'sending' : state !== undefined }
      })
    })
  }

  async #standingsOf(tx: Tx, changes: readonly SendChange[]): Promise<Map<number, Standing>> {
    const wanted = bulkRows(
      this.#options.store.dialect,
      { id: 'bigint' },
      changes.map((change) => ({ id: change.message.id })),
    )
    const held = this.#options.store.dialect === 'postgres' ? sql`order by m.id for update of m` : sql``
    const { rows } = await sql<StandingRow>`
      select m.id, m.state, m.sent_at, m.author, m.epoch, c.status, c.epoch as conversation_epoch, c.corrected,
        c.message_seconds, c.message_received_at, c.enter_seconds, c.enter_received_at
      from message m join conversation c on c.id = m.conversation_id
      where m.id in (select id from ${wanted}) ${held}`.execute(tx)
    return new Map(rows.map((row) => [row.id, standingOf(row)]))
  }

  /** WeChat has contradicted our count or our clock: the estimate is nothing until the customer's next sign. */
  async #correct(
    tx: Tx,
    changes: readonly SendChange[],
    standings: ReadonlyMap<number, Standing>,
  ): Promise<void> {
    for (const { message, error } of changes) {
      const corrected = error instanceof ApiError ? corrections.get(error.errcode) : undefined
      const standing = standings.get(message.id)
      // What left before the customer's last sign says nothing about what that gave.
      if (corrected && standing && (standing.sentAt ?? 0) >= lastSignAt(standing))
        await tx
          .updateTable('conversation')
          .set({ corrected })
          .where('id', '=', message.conversationId)
          .execute()
    }
  }
}

const corrections: ReadonlyMap<number, 'count' | 'window'> = new Map([
  [45047, 'count'],
  [45015, 'window'],
])

interface StandingRow {
  readonly id: number
  readonly state: MessageState
  readonly sent_at: number | null
  readonly author: string
  readonly epoch: number
  readonly status: Status
  readonly conversation_epoch: number
  readonly corrected: 'count' | 'window' | null
  readonly message_seconds: number | null
  readonly message_received_at: number | null
  readonly enter_seconds: number | null
  readonly enter_received_at: number | null
}

function standingOf(row: StandingRow): Standing {
  return {
    state: row.state,
    sentAt: row.sent_at,
    byBot: row.author === 'bot' || row.author.startsWith('rule:'),
    epoch: row.epoch,
    conversation: {
      status: row.status,
      epoch: row.conversation_epoch,
      corrected: row.corrected,
      messageSeconds: row.message_seconds,
      messageReceivedAt: row.message_received_at,
      enterSeconds: row.enter_seconds,
      enterReceivedAt: row.enter_received_at,
    },
  }
}

/** When the customer's last sign reached us. */
function lastSignAt({ conversation }: Standing): number {
  return Math.max(conversation.messageReceivedAt ?? 0, conversation.enterReceivedAt ?? 0)
}

/** What a change makes of a message; undefined when it can't be made. */
function outcomeOf(
  { step }: SendChange,
  standing: Standing,
  now: number,
): { state: MessageState; problem?: string; at: number } | undefined {
  const { state, conversation, byBot, epoch } = standing
  // It left by then at the latest, and after the last sign, whatever the clock was put back to: what it costs must not be overlooked.
  const at = Math.max(now, lastSignAt(standing))
  const next = nextMessageState(state, step)
  if (next === 'sending') {
    const closed = closedWindow(conversation, now)
    if (closed) return { state: 'cancelled', problem: closed, at }
  }
  // A person took the conversation while it was on its way: it is not tried again.
  const taken = byBot && epoch < conversation.epoch && conversation.status !== 'waiting'
  if (next === 'queued' && taken) return { state: 'cancelled', problem: 'taken_over', at }
  return next && { state: next, at }
}

const changeColumns = {
  id: 'bigint',
  state: 'text',
  errcode: 'bigint',
  problem: 'text',
  rid: 'text',
  not_before: 'bigint',
  at: 'bigint',
} as const

function describe(change: SendChange): {
  errcode: number | null
  problem: string | null
  rid: string | null
  not_before: number | null
} {
  const { error, notBefore = null } = change
  if (error instanceof ApiError)
    return {
      errcode: Number.isNaN(error.errcode) ? null : error.errcode,
      problem: error.errmsg,
      rid: error.rid ?? null,
      not_before: notBefore,
    }
  const problem =
    error === undefined ? null : error instanceof NetworkError ? `network:${error.accepted}` : 'error'
  return { errcode: null, problem, rid: null, not_before: notBefore }
}
