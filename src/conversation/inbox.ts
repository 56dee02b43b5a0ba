import type { Run } from '../bot/index.js'
import type { Logger } from '../log.js'
import type { Store } from '../store/index.js'
import { restorePush, type Answer, type Push } from '../wechat/index.js'
import type { Handling, Job } from './handling.js'

export interface InboxOptions {
  readonly store: Store
  readonly handling: Pick<Handling, 'run'>
  readonly logger: Logger
  readonly now: () => number
  readonly wait: (milliseconds: number) => Promise<unknown>
  /** Told after each commit that may have queued messages. */
  readonly onHandled: () => void
  /** How many pushes are handled in one transaction at most. */
  readonly batch?: number
  /** How many pushes are held in memory at most; the others wait in the database. */
  readonly memory?: number
}

/** A committed push: how to answer it, and where to say that it has been answered. */
export interface Accepted {
  readonly answer: Promise<Answer>
  readonly run: Run
}

interface Waiter {
  readonly job: Job
  readonly resolve: (answer: Answer) => void
  readonly answer: Promise<Answer>
}

/** The pause after a failed transaction, doubled with each failure in a row. */
const PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000

/**
 * Takes pushes over from the webhook: each is committed before it counts as accepted, known if it is a repeat,
 * and handled in the order in which pushes were committed, also after a crash.
 */
export class Inbox {
  readonly #options: InboxOptions
  readonly #batch: number
  readonly #memory: number
  /** Committed and to be handled, in order. */
  #queue: Waiter[] = []
  readonly #waiting = new Map<string, Waiter>()
  /** Some pushes wait in the database only, all of them behind those in the queue. */
  #more = false
  #last = 0
  #working: Promise<void> | undefined
  #stopped = false

  constructor(options: InboxOptions) {
    this.#options = options
    this.#batch = options.batch ?? 500
    this.#memory = options.memory ?? 10_000
  }

  /** Goes on with what an earlier process left. */
  async start(): Promise<void> {
    this.#more = true
    this.#work()
  }

  /** Lets the transaction under way end; what is still to be handled waits for the next start. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#working
  }

  /** Resolves when the push is committed. */
  async accept(push: Push): Promise<Accepted> {
    const before = this.#waiting.get(push.id)
    if (before) return { answer: before.answer, run: before.job.run }
    const receivedAt = this.#options.now()
    const { appId, openId, format, plaintext } = push
    const row = { dedupeKey: push.id, appId, openId, format, plaintext: withoutNul(plaintext), receivedAt }
    const { id, inserted } = await this.#options.store.pushes.append(row)
    if (!inserted) return this.#repeat(push.id, id)
    return this.#enqueue({ pushId: id, push, receivedAt, run: { answered: false, over: false } })
  }

  #enqueue(job: Job): Accepted {
    let resolve: (answer: Answer) => void = () => undefined
    const answer = new Promise<Answer>((settle) => (resolve = settle))
    const waiter = { job, resolve, answer }
    if (this.#more || this.#queue.length >= this.#memory) {
      // It will be read from the database in its turn; whoever waits for its answer is told success in time.
      this.#more = true
      this.#work()
      return { answer: Promise.resolve('success'), run: { answered: true, over: false } }
    }
    this.#waiting.set(job.push.id, waiter)
    this.#queue.push(waiter)
    this.#last = job.pushId
    this.#work()
    return { answer, run: job.run }
  }

  /** A push that was committed before: its answer if it is handled, else the wait for it. */
  async #repeat(key: string, id: number): Promise<Accepted> {
    const waiter = this.#waiting.get(key)
    if (waiter) return { answer: waiter.answer, run: waiter.job.run }
    const row = await this.#options.store.db
      .selectFrom('push')
      .select('answer')
      .where('id', '=', id)
      .executeTakeFirst()
    return { answer: Promise.resolve(row?.answer ?? 'success'), run: { answered: true, over: true } }
  }

  #work(): void {
    this.#working ??= this.#drain().finally(() => {
      this.#working = undefined
    })
  }

  async #drain(): Promise<void> {
    let pause = PAUSE_MS
    while (!this.#stopped) {
      try {
        if (this.#queue.length === 0 && !(await this.#refill())) return
        const batch = this.#queue.slice(0, this.#batch)
        const answers = await this.#options.handling.run(batch.map((waiter) => waiter.job))
        this.#queue.splice(0, batch.length)
        batch.forEach((waiter, i) => {
          this.#waiting.delete(waiter.job.push.id)
          waiter.resolve(answers[i] ?? 'success')
        })
        this.#options.onHandled()
        pause = PAUSE_MS
        await new Promise(setImmediate)
      } catch (error) {
        this.#options.logger.error(
          { error, pause },
          'pushes could not be handled; they wait and are tried again',
        )
        await this.#options.wait(pause)
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
      }
    }
  }

  /** Reads what waits in the database only; false when there is nothing. */
  async #refill(): Promise<boolean> {
    if (!this.#more) return false
    const rows = await this.#options.store.db
      .selectFrom('push')
      .select(['id', 'app_id', 'format', 'plaintext', 'received_at'])
      .where('state', '=', 'new')
      .where('id', '>', this.#last)
      .orderBy('id')
      .limit(this.#batch)
      .execute()
    this.#more = rows.length === this.#batch
    for (const row of rows) {
      const push = restorePush({ appId: row.app_id, plaintext: row.plaintext })
      // Nobody waits for its answer any more.
      const job = { pushId: row.id, push, receivedAt: row.received_at, run: { answered: true, over: false } }
      this.#queue.push({ job, resolve: () => undefined, answer: Promise.resolve('success') })
      this.#last = row.id
    }
    return rows.length > 0
  }
}

/** PostgreSQL keeps no NUL in a text. */
function withoutNul(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text
}
