import { firstQueued, type Queued } from './queued-messages.js'
import { sql } from 'kysely'
import type { Sender } from '../../bot/index.js'
import type { Logger } from '../../log.js'
import type { MessageProblem } from '../../protocol/reasons.js'
import { backoff, BackgroundLoop, every, messagesToSend, type Store } from '../../store/index.js'
import type { AllowanceRules } from '../allowance.js'
import type { MessageState } from '../message-state.js'
import { SendLog, type SendChange } from './send-log.js'
import type { Shards } from '../shards.js'
import { UnitOfWork } from '../unit-of-work.js'
import { FIRST_PAUSE_MS, LONGEST_PAUSE_MS } from '../incoming/worker.js'

/** What is to be done about a failed send; the api layer's predicate fits. */
export type Remedy = 'token' | 'busy' | 'connect' | 'later' | 'unknown' | 'never'

export interface OutboxOptions {
  readonly store: Store
  /** Which conversations are this process's to send in. */
  readonly shards: Pick<Shards, 'alone' | 'owned' | 'has' | 'hold'>
  readonly allowance: AllowanceRules
  /** The Mini Program's API; undefined when it is not configured any more. */
  readonly senderOf: (appId: string) => Sender | undefined
  readonly remedyFor: (error: unknown) => Remedy
  readonly logger: Logger
  readonly now: () => number
  readonly wait: (milliseconds: number) => Promise<unknown>
  /** How many sends may be under way at once, each in another conversation; 64 when not given. */
  readonly concurrency?: number
}

/** WeChat's limits per minute have passed by then. */
const LATER_MS = 60_000
/** The first pause when WeChat can't be reached, doubled up to the longest. */
const RECONNECT_MS = 1000
const LONGEST_RECONNECT_MS = 60_000
/** No message waits for longer: one that does was put off by a clock that has been put back since. */
const LONGEST_WAIT_MS = Math.max(LATER_MS, LONGEST_RECONNECT_MS)
/** What another process queued is found also when its word was missed. */
const POLL_MS = 1000

/**
 * Sends what is queued: each conversation's messages one after the other, different conversations at once. That
 * a message leaves is committed before it does, so that after a crash nobody sends it again unasked.
 */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #concurrency: number
  readonly #log: SendLog
  /** Conversations with a send under way, and their shards. */
  readonly #busy = new Map<number, number>()
  /** Shards that are being taken over: nothing leaves in them before it is settled what became of earlier sends. */
  readonly #unsettled = new Set<number>()
  #sending = 0
  /** Read and not started yet. What became of it since is seen by the commit that it leaves. */
  #ready: Queued[] = []
  readonly #loop: BackgroundLoop
  readonly #ends: (() => void)[] = []
  #idle: (() => void)[] = []

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#concurrency = options.concurrency ?? 64
    this.#log = new SendLog({
      store: options.store,
      shards: options.shards,
      allowance: options.allowance,
      now: options.now,
    })
    this.#loop = new BackgroundLoop({
      pass: () => this.#look(),
      retryMs: 1000,
      onError: (err) => {
        options.logger.error({ err }, 'the outbox could not be read; it is read again in a second')
      },
    })
  }

  /** Goes on with what an earlier process left, and follows what the other processes queue. */
  async start(): Promise<void> {
    const { store, shards } = this.#options
    this.#ends.push(store.signals.on('queued', () => this.wake()))
    if (shards.alone) {
      await this.#settleEarlier(shards.owned)
      this.wake()
      return
    }
    this.#ends.push(every(POLL_MS, () => this.wake()))
  }

  /**
   * Takes conversations over: what was leaving in them when their process ended may have arrived, so `unknown`.
   * Tried until it is committed, as nothing leaves in them before.
   */
  async adopt(shards: readonly number[]): Promise<void> {
    for (const shard of shards) this.#unsettled.add(shard)
    for (const pause of backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS)) {
      if (this.#loop.isStopped) return
      const left = shards.filter((shard) => this.#unsettled.has(shard) && this.#options.shards.has(shard))
      try {
        if (await this.#settleEarlier(left)) {
          // What was lost meanwhile is another's to settle, or comes back with another call.
          for (const shard of left) this.#unsettled.delete(shard)
          this.wake()
          return
        }
      } catch (err) {
        this.#options.logger.error(
          { err, pause },
          'the sends of another process could not be taken over; tried again',
        )
      }
      await this.#options.wait(pause)
    }
  }

  /** False when one of the shards is not this process's any more: then nothing is settled. */
  async #settleEarlier(shards: readonly number[]): Promise<boolean> {
    const { store, now } = this.#options
    if (shards.length === 0) return true
    return store.db.transaction().execute(async (tx) => {
      if (!(await this.#options.shards.hold(tx, shards))) return false
      const unit = new UnitOfWork(tx, store.dialect, now())
      const lost = await tx
        .updateTable('message')
        .set({ state: 'unknown', problem: 'interrupted' satisfies MessageProblem, sent_at: unit.now })
        .where('id', 'in', (eb) =>
          eb
            .selectFrom(
              sql<{ id: number; state: MessageState; conversation_id: number }>`
              (select id, state, conversation_id from ${sql.raw(messagesToSend(store.dialect))}
              where state in ('queued', 'sending'))`.as('m'),
            )
            .innerJoin('conversation', 'conversation.id', 'm.conversation_id')
            .select('m.id')
            .where('m.state', '=', 'sending')
            .where('shard', 'in', [...shards]),
        )
        .returning(['id', 'conversation_id'])
        .execute()
      for (const { id, conversation_id: conversationId } of lost) unit.changed(conversationId, id)
      await unit.flush()
      return true
    })
  }

  /** Waits for the sends under way in some shards, before another process gets them. */
  async leave(shards: readonly number[]): Promise<void> {
    while ([...this.#busy.values()].some((shard) => shards.includes(shard)))
      await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Looks for what is queued: to be called after a commit that may have queued something. */
  wake(): void {
    this.#loop.wake()
  }

  /** Starts nothing more and waits for the sends under way, whose outcome is committed. */
  async stop(): Promise<void> {
    for (const end of this.#ends.splice(0)) end()
    await this.#loop.stop()
    while (this.#sending > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  async #look(): Promise<undefined> {
    this.#start()
    if (this.#ready.length > 0 || this.#sending >= this.#concurrency) return
    this.#ready = await this.#read()
    this.#start()
  }

  /** Starts what was read, as far as there is room; each end of a send comes back here. */
  #start(): void {
    const { shards } = this.#options
    while (this.#sending < this.#concurrency && !this.#loop.isStopped) {
      const queued = this.#ready.shift()
      if (!queued) return
      if (!this.#busy.has(queued.conversationId) && shards.has(queued.shard)) void this.#deliver(queued)
    }
  }

  /** The first queued message of each conversation that is not busy. */
  async #read(): Promise<Queued[]> {
    const { store, shards, now } = this.#options
    const settled = shards.owned.filter((shard) => !this.#unsettled.has(shard))
    if (settled.length === 0) return []
    const ready: Queued[] = []
    for (const { notBefore, ...queued } of await firstQueued(store, settled)) {
      if (this.#busy.has(queued.conversationId)) continue
      const wait = (notBefore ?? 0) - now()
      if (wait > 0 && wait <= LONGEST_WAIT_MS) this.#loop.wakeIn(wait)
      else ready.push(queued)
    }
    return ready
  }

  async #deliver(queued: Queued): Promise<void> {
    this.#busy.set(queued.conversationId, queued.shard)
    this.#sending++
    try {
      if (await this.#leaves(queued)) await this.#settle(await this.#send(queued))
    } catch (error) {
      this.#options.logger.error(
        { err: error, messageId: queued.id },
        'a send’s outcome could not be committed before the end; it is unknown at the next start',
      )
    } finally {
      this.#busy.delete(queued.conversationId)
      this.#sending--
      for (const resolve of this.#idle.splice(0)) resolve()
      this.wake()
    }
  }

  /** Whether it was committed that the message leaves: not when it was cancelled, or when the database failed. */
  async #leaves(queued: Queued): Promise<boolean> {
    try {
      return await this.#log.add({ message: queued, step: 'leave' })
    } catch (error) {
      this.#options.logger.error(
        { err: error, messageId: queued.id },
        'a send could not be noted; it is tried again when the database takes it',
      )
      await this.#options.wait(FIRST_PAUSE_MS)
      // The commit may have been made all the same. It did not leave, so back into the queue with it.
      await this.#settle({ message: queued, step: 'return' })
      return false
    }
  }

  async #send(queued: Queued): Promise<SendChange> {
    const { now } = this.#options
    const sender = this.#options.senderOf(queued.appId)
    if (!sender)
      return {
        message: queued,
        step: 'fail',
        error: new Error('the Mini Program is not configured any more'),
      }
    try {
      await sender.send(queued.openId, queued.message)
      return { message: queued, step: 'accept' }
    } catch (error) {
      switch (this.#options.remedyFor(error)) {
        case 'unknown':
          return { message: queued, step: 'lose', error }
        case 'later':
          return { message: queued, step: 'return', error, notBefore: now() + LATER_MS }
        case 'connect': {
          const pause = Math.min(RECONNECT_MS * 2 ** queued.attempts, LONGEST_RECONNECT_MS)
          return { message: queued, step: 'return', error, notBefore: now() + pause }
        }
        case 'token':
        case 'busy':
        case 'never':
          return { message: queued, step: 'fail', error }
      }
    }
  }

  /** The outcome must be committed, however long the database is away: it is all that is known of the send. */
  async #settle(change: SendChange): Promise<void> {
    for (const pause of backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS)) {
      try {
        await this.#log.add(change)
        return
      } catch (error) {
        this.#options.logger.error(
          { err: error, messageId: change.message.id },
          'a send’s outcome could not be committed yet',
        )
        if (this.#loop.isStopped) throw error
        await this.#options.wait(pause)
      }
    }
  }
}
