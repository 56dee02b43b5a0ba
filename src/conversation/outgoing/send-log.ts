import { ApiError, NetworkError } from '../../errors.js'
import type { MessageProblem } from '../../protocol/reasons.js'
import { Batcher, bulkStatement, type Store, type Tx } from '../../store/index.js'
import { allowanceOf, closedWindow, lastSignAt, type AllowanceRules, type Triggers } from '../allowance.js'
import { spendingsOf } from '../conversation-rows.js'
import type { Status } from '../conversation-context.js'
import { nextMessageState, type MessageState, type MessageStep } from '../message-state.js'
import type { Shards } from '../shards.js'
import { UnitOfWork } from '../unit-of-work.js'
import { isBot, parseAuthor } from '../../protocol/author.js'

/** A message on its way. */
export interface SendJob {
  readonly id: number
  readonly conversationId: number
  readonly shard: number
}

/** A change of one message's state, to be committed. */
export interface SendChange {
  readonly message: SendJob
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
  readonly allowance: AllowanceRules
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
      const used = await this.#usedUp(tx, changes, standings, unit.now)
      const rows = changes.flatMap((change) => {
        const standing = standings.get(change.message.id)
        if (standing === undefined || (change.step === 'leave' && !held)) return []
        const outcome = outcomeOf(change, standing, used, unit.now)
        return outcome === undefined ? [] : [{ ...describe(change), ...outcome, id: change.message.id }]
      })
      for (const [first, ...others] of groups(rows)) {
        const { state, errcode, problem, rid, not_before, at } = first
        const ids = [first, ...others].map(({ id }) => ({ id }))
        await writeOutcomes(tx, store.dialect, ids, state, errcode, problem, rid, not_before, at)
      }
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
    const wanted = changes.map((change) => ({ id: change.message.id }))
    const { packed } = await loadStandings(tx, this.#options.store.dialect, wanted)
    return new Map((JSON.parse(packed) as StandingRow[]).map((row) => [row[0], standingOf(row)]))
  }

  /**
   * The conversations in which the customer's last message is too old by now, and what entering gave is used: what
   * was queued under the message is more than that. Otherwise all that is queued was counted when it was.
   */
  async #usedUp(
    tx: Tx,
    changes: readonly SendChange[],
    standings: ReadonlyMap<number, Standing>,
    now: number,
  ): Promise<ReadonlySet<number>> {
    const used = new Set<number>()
    for (const { message, step } of changes) {
      const triggers = standings.get(message.id)?.conversation
      if (step !== 'leave' || !triggers) continue
      const { source } = allowanceOf(triggers, [], this.#options.allowance, now)
      if (source !== 'enter' || triggers.messageSeconds === null) continue
      const left = (await spendingsOf(tx, message.conversationId)).filter(({ state }) => state !== 'queued')
      if (allowanceOf(triggers, left, this.#options.allowance, now).remaining === 0)
        used.add(message.conversationId)
    }
    return used
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
      if (corrected && standing && (standing.sentAt ?? 0) >= lastSignAt(standing.conversation))
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

const loadStandings = bulkStatement({ id: 'bigint' }, ({ dialect, rows, packed }) =>
  packed(
    [
      'id',
      'state',
      'sent_at',
      'author',
      'epoch',
      'status',
      'conversation_epoch',
      'corrected',
      'message_seconds',
      'message_received_at',
      'enter_seconds',
      'enter_received_at',
    ],
    `select m.id, m.state, m.sent_at, m.author, m.epoch, c.status, c.epoch as conversation_epoch, c.corrected,
      c.message_seconds, c.message_received_at, c.enter_seconds, c.enter_received_at
    from message m join conversation c on c.id = m.conversation_id
    where m.id in (select id from ${rows}) ${dialect === 'postgres' ? 'order by m.id for update of m' : ''}`,
  ),
)

type StandingRow = [
  id: number,
  state: MessageState,
  sentAt: number | null,
  author: string,
  epoch: number,
  status: Status,
  conversationEpoch: number,
  corrected: 'count' | 'window' | null,
  messageSeconds: number | null,
  messageReceivedAt: number | null,
  enterSeconds: number | null,
  enterReceivedAt: number | null,
]

function standingOf([
  ,
  state,
  sentAt,
  author,
  epoch,
  status,
  conversationEpoch,
  ...rest
]: StandingRow): Standing {
  const [corrected, messageSeconds, messageReceivedAt, enterSeconds, enterReceivedAt] = rest
  return {
    state,
    sentAt,
    byBot: isBot(parseAuthor(author)),
    epoch,
    conversation: {
      status,
      epoch: conversationEpoch,
      corrected,
      messageSeconds,
      messageReceivedAt,
      enterSeconds,
      enterReceivedAt,
    },
  }
}

/** What a change makes of a message; undefined when it can't be made. */
function outcomeOf(
  { step, message }: SendChange,
  standing: Standing,
  used: ReadonlySet<number>,
  now: number,
): { state: MessageState; problem?: MessageProblem; at: number } | undefined {
  const { state, conversation, byBot, epoch } = standing
  // It left by then at the latest, and after the last sign, whatever the clock was put back to: what it costs must not be overlooked.
  const at = Math.max(now, lastSignAt(standing.conversation))
  const next = nextMessageState(state, step)
  if (next === 'sending') {
    const closed =
      closedWindow(conversation, now) ?? (used.has(message.conversationId) ? 'count_used' : undefined)
    if (closed) return { state: 'cancelled', problem: closed, at }
  }
  // A person took the conversation while it was on its way: it is not tried again.
  const taken = byBot && epoch < conversation.epoch && conversation.status !== 'waiting'
  if (next === 'queued' && taken) return { state: 'cancelled', problem: 'taken_over', at }
  return next && { state: next, at }
}

const writeOutcomes = bulkStatement(
  { id: 'bigint' },
  ({ rows, value }) => `update message set state = ${value(1, 'text')}, errcode = ${value(2, 'bigint')},
      problem = ${value(3, 'text')}, rid = ${value(4, 'text')}, not_before = ${value(5, 'bigint')},
      attempts = attempts + case when ${value(1, 'text')} = 'sending' then 1 else 0 end,
      sent_at = case when ${value(1, 'text')} in ('sending', 'accepted', 'unknown') then ${value(6, 'bigint')} else sent_at end
    where id in (select id from ${rows})`,
)

interface Outcome extends Description {
  readonly id: number
  readonly state: MessageState
  readonly at: number
}

/** Messages with the same outcome, which is most of them. */
function groups(outcomes: readonly Outcome[]): Iterable<[Outcome, ...Outcome[]]> {
  const alike = new Map<string, [Outcome, ...Outcome[]]>()
  for (const outcome of outcomes) {
    const key = JSON.stringify({ ...outcome, id: 0 })
    const group = alike.get(key)
    if (group) group.push(outcome)
    else alike.set(key, [outcome])
  }
  return alike.values()
}

interface Description {
  readonly errcode: number | null
  readonly problem: string | null
  readonly rid: string | null
  readonly not_before: number | null
}

function describe(change: SendChange): Description {
  const { error, notBefore = null } = change
  if (error instanceof ApiError)
    return {
      errcode: Number.isNaN(error.errcode) ? null : error.errcode,
      problem: error.errmsg,
      rid: error.rid ?? null,
      not_before: notBefore,
    }
  const problem: MessageProblem | null =
    error === undefined ? null : error instanceof NetworkError ? `network:${error.accepted}` : 'error'
  return { errcode: null, problem, rid: null, not_before: notBefore }
}
