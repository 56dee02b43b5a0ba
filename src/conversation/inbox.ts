import { sql } from 'kysely'
import type { Run } from '../bot/index.js'
import type { Logger } from '../log.js'
import { bulkRows, type Store } from '../store/index.js'
import { restorePush, type Answer, type Push } from '../wechat/index.js'
import type { Job } from './handling.js'
import type { Worker } from './worker.js'

export interface InboxOptions {
  readonly store: Store
  readonly worker: Worker
  readonly logger: Logger
  readonly now: () => number
  readonly wait: (milliseconds: number) => Promise<unknown>
  /** How many pushes are held in memory at most; the others wait in the database. 10 000 when not given. */
  readonly memory?: number
}

/** A committed push: how to answer it, and where to say that it has been answered. */
export interface Accepted {
  readonly answer: Promise<Answer>
  readonly run: Run
}

/** How many pushes are read back from the database at once. */
const PAGE = 1000
const RETRY_MS = 1000

/**
 * Takes pushes over from the webhook: each is committed before it counts as accepted, known if it is a repeat,
 * and handled in the order in which pushes were committed, also after a crash.
 */
export class Inbox {
  readonly #options: InboxOptions
  readonly #memory: number
  /** What is being handled, by Push.id, for repeats. */
  readonly #running = new Map<string, Accepted>()
  /** Some pushes wait in the database only; until they are read, every later one waits there too. */
  #more = false
  /** The same by the rows' ids, so that none is read back while it runs. */
  readonly #ids = new Set<number>()
  /** Counts the pushes that were left to the database, to notice those that a read under way may have missed. */
  #left = 0
  #refilling: Promise<void> | undefined
  #stopped = false

  constructor(options: InboxOptions) {
    this.#options = options
    this.#memory = options.memory ?? 10_000
  }

  /** Goes on with what an earlier process left. */
  start(): void {
    this.#more = true
    this.#refill()
  }

  /** Takes nothing more and lets what runs end, for so many milliseconds at most; the rest waits for the next start. */
  async stop(milliseconds: number): Promise<void> {
    this.#stopped = true
    await this.#refilling
    await this.#options.worker.stop(milliseconds)
  }

  /** Resolves when the push is committed. Rejects when it can't be; then WeChat must be told to try again. */
  async accept(push: Push): Promise<Accepted> {
    const running = this.#running.get(push.id)
    if (running) return running
    const receivedAt = this.#options.now()
    const { appId, openId, format, plaintext } = push
    const row = { dedupeKey: push.id, appId, openId, format, plaintext: withoutNul(plaintext), receivedAt }
    const { id, inserted } = await this.#options.store.pushes.append(row)
    if (!inserted) return this.#repeat(push.id, id)
    if (this.#more || this.#options.worker.size >= this.#memory) {
      this.#more = true
      this.#left++
      this.#refill()
      return unwaited
    }
    return this.#give({ pushId: id, push, receivedAt, run: { answered: false, over: false } })
  }

  #give(job: Job): Accepted {
    const accepted = { answer: this.#options.worker.add(job), run: job.run }
    this.#running.set(job.push.id, accepted)
    this.#ids.add(job.pushId)
    void accepted.answer.then(() => {
      this.#running.delete(job.push.id)
      this.#ids.delete(job.pushId)
      if (this.#more) this.#refill()
    })
    return accepted
  }

  /** A push that was committed before: its answer if it is handled, else the wait for it. */
  async #repeat(key: string, id: number): Promise<Accepted> {
    const running = this.#running.get(key)
    if (running) return running
    const row = await this.#options.store.db
      .selectFrom('push')
      .select('answer')
      .where('id', '=', id)
      .executeTakeFirst()
    return { ...unwaited, answer: Promise.resolve(row?.answer ?? 'success') }
  }

  #refill(): void {
    if (this.#stopped || this.#options.worker.size >= this.#memory / 2) return
    this.#refilling ??= this.#read().finally(() => {
      this.#refilling = undefined
      if (this.#more) this.#refill()
    })
  }

  async #read(): Promise<void> {
    const { store } = this.#options
    const left = this.#left
    try {
      const running = bulkRows(
        store.dialect,
        { id: 'bigint' },
        [...this.#ids].map((id) => ({ id })),
      )
      const rows = await store.db
        .selectFrom('push')
        .select(['id', 'app_id', 'plaintext', 'received_at'])
        .where('state', '=', 'new')
        .where(sql<boolean>`id not in (select id from ${running})`)
        .orderBy('id')
        .limit(PAGE)
        .execute()
      this.#more = rows.length === PAGE || this.#left !== left
      for (const row of rows) {
        const push = restorePush({ appId: row.app_id, plaintext: row.plaintext })
        // Whoever waited for its answer was told success.
        this.#give({
          pushId: row.id,
          push,
          receivedAt: row.received_at,
          run: { answered: true, over: false },
        })
      }
    } catch (error) {
      this.#options.logger.error(
        { error },
        'pushes that wait could not be read; they are read again in a second',
      )
      await this.#options.wait(RETRY_MS)
    }
  }
}

/** Committed, to be handled in its turn, and answered at once. */
const unwaited: Accepted = { answer: Promise.resolve('success'), run: { answered: true, over: true } }

/** PostgreSQL keeps no NUL in a text. */
function withoutNul(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text
}
