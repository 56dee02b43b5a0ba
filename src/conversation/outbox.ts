import { sql } from 'kysely'
import type { Sender } from '../bot/index.js'
import { ApiError, NetworkError } from '../errors.js'
import type { Logger } from '../log.js'
import { Batcher, bulkRows, type Store, type Tx } from '../store/index.js'
import type { OutgoingMessage } from '../wechat/index.js'
import { nextMessageState, type MessageState, type MessageStep } from './message-state.js'
import type { Shards } from './shards.js'
import { UnitOfWork } from './unit-of-work.js'

/** What is to be done about a failed send; the api layer's predicate fits. */
export type Remedy = 'token' | 'busy' | 'connect' | 'later' | 'unknown' | 'never'

export interface OutboxOptions {
  readonly store: Store
  /** Which conversations are this process's to send in. */
  readonly shards: Pick<Shards, 'owned' | 'hold'>
  /** The Mini Program's API; undefined when it is not configured any more. */
  readonly senderOf: (appId: string) => Sender | undefined
  readonly remedyFor: (error: unknown) => Remedy
  readonly logger: Logger
  readonly now: () => number
  readonly wait: (milliseconds: number) => Promise<unknown>
  /** How many sends may be under way at once, each in another conversation; 64 when not given. */
  readonly concurrency?: number
}

interface Queued {
  readonly id: number
  readonly conversationId: number
  readonly shard: number
  readonly appId: string
  readonly openId: string
  readonly message: OutgoingMessage
  readonly attempts: number
}

/** A change of one message's state, to be committed. */
interface Change {
  readonly queued: Queued
  readonly step: MessageStep
  readonly error?: unknown
  readonly notBefore?: number
}

/** WeChat's limits per minute have passed by then. */
const LATER_MS = 60_000
/** The first pause when WeChat can't be reached, doubled up to the longest. */
const RECONNECT_MS = 1000
const LONGEST_RECONNECT_MS = 60_000
const PAGE = 500

/**
 * Sends what is queued: each conversation's messages one after the other, different conversations at once. That
 * a message leaves is committed before it does, so that after a crash nobody sends it again unasked.
 */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #concurrency: number
  readonly #changes: Batcher<Change, boolean>
  /** Conversations with a send under way, and their shards. */
  readonly #busy = new Map<number, number>()
  #sending = 0
  #again = false
  #looking: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #timerAt = 0
  #stopped = false
  #end: (() => void) | undefined
  #idle: (() => void)[] = []

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#concurrency = options.concurrency ?? 64
    this.#changes = new Batcher((changes) => this.#commit(changes))
  }

  /** Goes on with what an earlier process left, and follows what the other processes queue. */
  async start(): Promise<void> {
    this.#end = this.#options.store.signals.on('queued', () => this.wake())
    await this.adopt(this.#options.shards.owned)
  }

  /** Takes conversations over: what was leaving in them when their process ended may have arrived, so `unknown`. */
  async adopt(shards: readonly number[]): Promise<void> {
    const { store, now } = this.#options
    if (shards.length === 0) return
    await store.db.transaction().execute(async (tx) => {
      const unit = new UnitOfWork(tx, store.dialect, now())
      const lost = await tx
        .updateTable('message')
        .set({ state: 'unknown', problem: 'interrupted' })
        .where('state', '=', 'sending')
        .where('conversation_id', 'in', (eb) =>
          eb
            .selectFrom('conversation')
            .select('id')
            .where('shard', 'in', [...shards]),
        )
        .returning(['id', 'conversation_id'])
        .execute()
      for (const { id, conversation_id: conversationId } of lost) unit.changed(conversationId, id)
      await unit.flush()
    })
    this.wake()
  }

  /** Waits for the sends under way in some shards, before another process gets them. */
  async leave(shards: readonly number[]): Promise<void> {
    while ([...this.#busy.values()].some((shard) => shards.includes(shard)))
      await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Looks for what is queued: to be called after a commit that may have queued something. */
  wake(): void {
    if (this.#stopped) return
    this.#again = true
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
      // Who called between the last look and here.
      if (this.#again) this.wake()
    })
  }

  /** Starts nothing more and waits for the sends under way, whose outcome is committed. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#end?.()
    clearTimeout(this.#timer)
    await this.#looking
    while (this.#sending > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  async #look(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false
      try {
        for (const queued of await this.#next()) {
          if (this.#sending >= this.#concurrency) break
          void this.#deliver(queued)
        }
      } catch (error) {
        this.#options.logger.error({ error }, 'the outbox could not be read; it is read again in a second')
        this.#later(1000)
      }
    }
  }

  /** The first queued message of each conversation that is not busy. */
  async #next(): Promise<Queued[]> {
    const { store, shards, now } = this.#options
    const free = this.#concurrency - this.#sending
    if (free <= 0 || shards.owned.length === 0) return []
    const { rows } = await sql<{
      id: number
      conversation_id: number
      shard: number
      app_id: string
      open_id: string
      content: string
      attempts: number
      not_before: number | null
    }>`
      select m.id, m.conversation_id, c.shard, contact.app_id, contact.open_id, m.content, m.attempts, m.not_before
      from message m join conversation c on c.id = m.conversation_id join contact on contact.id = c.contact_id
      where m.id in (select min(id) from message where state in ('queued', 'sending') group by conversation_id)
        and m.state = 'queued' and c.shard in (${sql.join(shards.owned)})
      order by m.id limit ${sql.lit(PAGE)}`.execute(store.db)
    const ready: Queued[] = []
    for (const row of rows) {
      if (this.#busy.has(row.conversation_id)) continue
      if (row.not_before !== null && row.not_before > now()) {
        this.#later(row.not_before - now())
        continue
      }
      ready.push({
        id: row.id,
        conversationId: row.conversation_id,
        shard: row.shard,
        appId: row.app_id,
        openId: row.open_id,
        message: JSON.parse(row.content) as OutgoingMessage,
        attempts: row.attempts,
      })
      if (ready.length === free) break
    }
    return ready
  }

  async #deliver(queued: Queued): Promise<void> {
    this.#busy.set(queued.conversationId, queued.shard)
    this.#sending++
    try {
      // Not committed as leaving: cancelled meanwhile, or the database failed. Then it does not leave.
      if (!(await this.#changes.add({ queued, step: 'leave' }))) return
      await this.#settle(await this.#send(queued))
    } catch (error) {
      this.#options.logger.error(
        { error, messageId: queued.id },
        'a send could not be noted; it is tried again',
      )
      this.#later(1000)
    } finally {
      this.#busy.delete(queued.conversationId)
      this.#sending--
      for (const resolve of this.#idle.splice(0)) resolve()
      this.wake()
    }
  }

  async #send(queued: Queued): Promise<Change> {
    const { now } = this.#options
    const sender = this.#options.senderOf(queued.appId)
    if (!sender)
      return { queued, step: 'fail', error: new Error('the Mini Program is not configured any more') }
    try {
      await sender.send(queued.openId, queued.message)
      return { queued, step: 'accept' }
    } catch (error) {
      switch (this.#options.remedyFor(error)) {
        case 'unknown':
          return { queued, step: 'lose', error }
        case 'later':
          return { queued, step: 'return', error, notBefore: now() + LATER_MS }
        case 'connect': {
          const pause = Math.min(RECONNECT_MS * 2 ** queued.attempts, LONGEST_RECONNECT_MS)
          return { queued, step: 'return', error, notBefore: now() + pause }
        }
        case 'token':
        case 'busy':
        case 'never':
          return { queued, step: 'fail', error }
      }
    }
  }

  /** The outcome must be committed, however long the database is away: it is all that is known of the send. */
  async #settle(change: Change): Promise<void> {
    for (let pause = 100; ; pause = Math.min(pause * 2, 5000)) {
      try {
        await this.#changes.add(change)
        return
      } catch (error) {
        this.#options.logger.error(
          { error, messageId: change.queued.id },
          'a send’s outcome could not be committed yet',
        )
        if (this.#stopped) throw error
        await this.#options.wait(pause)
      }
    }
  }

  /** Commits changes of state; an outcome is false where the message was not in a state to change so. */
  async #commit(changes: readonly Change[]): Promise<{ result: boolean }[]> {
    const { store, now } = this.#options
    return store.db.transaction().execute(async (tx) => {
      const unit = new UnitOfWork(tx, store.dialect, now())
      // An outcome is noted whoever has the conversation now; leaving is for its process only.
      const leaving = changes.filter((change) => change.step === 'leave').map((change) => change.queued.shard)
      const held = await this.#options.shards.hold(tx, leaving)
      const states = await this.#statesOf(tx, changes)
      const made = changes.map((change) => {
        const state = states.get(change.queued.id)
        if (state === undefined || (change.step === 'leave' && !held)) return undefined
        return nextMessageState(state, change.step)
      })
      const rows = changes.flatMap((change, i) => {
        const state = made[i]
        return state === undefined ? [] : [{ ...describe(change), id: change.queued.id, state, at: now() }]
      })
      if (rows.length > 0)
        await sql`
          update message set state = rows.state, errcode = rows.errcode, problem = rows.problem, rid = rows.rid,
            not_before = rows.not_before,
            attempts = attempts + case when rows.state = 'sending' then 1 else 0 end,
            sent_at = case when rows.state = 'sending' then rows.at else sent_at end
          from ${bulkRows(store.dialect, changeColumns, rows)} where message.id = rows.id`.execute(tx)
      changes.forEach(({ queued }, i) => {
        if (made[i] !== undefined) unit.changed(queued.conversationId, queued.id)
      })
      await this.#correct(tx, changes)
      await unit.flush()
      return made.map((state) => ({ result: state !== undefined }))
    })
  }

  async #statesOf(tx: Tx, changes: readonly Change[]): Promise<Map<number, MessageState>> {
    const wanted = bulkRows(
      this.#options.store.dialect,
      { id: 'bigint' },
      changes.map((change) => ({ id: change.queued.id })),
    )
    const held = this.#options.store.dialect === 'postgres' ? sql`order by id for update` : sql``
    const { rows } = await sql<{ id: number; state: MessageState }>`
      select id, state from message where id in (select id from ${wanted}) ${held}`.execute(tx)
    return new Map(rows.map((row) => [row.id, row.state]))
  }

  /** WeChat has contradicted our count or our clock: the estimate is nothing until the customer's next sign. */
  async #correct(tx: Tx, changes: readonly Change[]): Promise<void> {
    for (const { queued, error } of changes) {
      const corrected = error instanceof ApiError ? corrections.get(error.errcode) : undefined
      if (corrected)
        await tx
          .updateTable('conversation')
          .set({ corrected })
          .where('id', '=', queued.conversationId)
          .execute()
    }
  }

  /** Looks again then, or earlier if that was planned. */
  #later(milliseconds: number): void {
    const at = this.#options.now() + Math.max(milliseconds, 1)
    if (this.#timer !== undefined && this.#timerAt <= at) return
    clearTimeout(this.#timer)
    this.#timerAt = at
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.wake()
      },
      Math.max(milliseconds, 1),
    )
  }
}

const corrections: ReadonlyMap<number, 'count' | 'window'> = new Map([
  [45047, 'count'],
  [45015, 'window'],
])

const changeColumns = {
  id: 'bigint',
  state: 'text',
  errcode: 'bigint',
  problem: 'text',
  rid: 'text',
  not_before: 'bigint',
  at: 'bigint',
} as const

function describe(change: Change): {
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
