import { sql } from 'kysely'
import { newRun, type Run } from '../../bot/index.js'
import type { Logger } from '../../log.js'
import { bulkRows, shardOf, type Appended, type PushRow, type Store } from '../../store/index.js'
import { restorePush, type Answer, type IncomingMessage, type Push } from '../../wechat/index.js'
import type { Job } from './handling.js'
import type { Shards } from '../shards.js'
import type { Worker } from './worker.js'

export interface InboxOptions {
  readonly store: Store
  readonly worker: Worker
  /** Which pushes are this process's to handle. */
  readonly shards: Pick<Shards, 'alone' | 'has' | 'owned'>
  /** Whether handlers may still transfer a message: only then its answer waits for them. Any may when not given. */
  readonly mayTransfer?: ((message: IncomingMessage) => boolean) | undefined
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
  /** Whether the same push was committed before. */
  readonly repeat?: boolean
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
  /** Who waits for an answer that another process decides, by the row's id. */
  readonly #awaited = new Map<number, (answer: Answer) => void>()
  /** The shards of pushes that are answered already and to be announced. */
  readonly #arrived = new Set<number>()
  #announcing: NodeJS.Timeout | undefined
  /** How many pushes are being committed. */
  #committing = 0
  readonly #ends: (() => void)[] = []
  #told: [number, Answer][] = []
  #stopped = false

  constructor(options: InboxOptions) {
    this.#options = options
    this.#memory = options.memory ?? 10_000
  }

  /** Goes on with what an earlier process left, and follows what the other processes say. */
  start(): void {
    const { store, shards } = this.#options
    this.#ends.push(
      store.signals.on('push', (word) => {
        if (word.split(',').some((shard) => shards.has(Number(shard)))) this.readBack()
      }),
      store.signals.on('answered', (word) => {
        for (const [id, answer] of JSON.parse(word) as [number, Answer][]) this.#answered(id, answer)
      }),
    )
    this.readBack()
    if (shards.alone) return
    // What another process committed is found also when its word was missed.
    const poll = setInterval(() => this.readBack(), POLL_MS).unref()
    this.#ends.push(() => clearInterval(poll))
  }

  /** Looks for pushes that wait in the database: left by an earlier process, or received by another one. */
  readBack(): void {
    this.#more = true
    this.#left++
    this.#refill()
  }

  /** Takes nothing more and lets what runs end, for so many milliseconds at most; the rest waits for the next start. */
  async stop(milliseconds: number): Promise<void> {
    this.#stopped = true
    for (const end of this.#ends.splice(0)) end()
    clearTimeout(this.#announcing)
    // What it left unsaid others are told now: this process handles nothing more.
    if (this.#arrived.size > 0) await this.#announce()
    await this.#refilling
    await this.#options.worker.stop(milliseconds)
  }

  /** Resolves when the push is committed. Rejects when it can't be; then WeChat must be told to try again. */
  async accept(push: Push): Promise<Accepted> {
    const running = this.#running.get(push.id)
    if (running) return { ...running, repeat: true }
    const receivedAt = this.#options.now()
    const { appId, openId, format, plaintext } = push
    const answered = !this.#mayTransfer(push)
    const kept = { dedupeKey: push.id, appId, openId, format, plaintext: withoutNul(plaintext) }
    const row = { ...kept, receivedAt, answered }
    const { id, inserted } = await this.#append(row)
    if (!inserted) return this.#repeat(push.id, id)
    if (!this.#options.shards.alone) return this.#shared(id, shardOf(appId, openId), answered)
    if (this.#more || this.#options.worker.size >= this.#memory) {
      this.#more = true
      this.#left++
      this.#refill()
      return unwaited
    }
    return this.#give({ pushId: id, push, receivedAt, run: { ...newRun(), answered } })
  }

  /** Whether pushes have come that are not committed yet. */
  get arriving(): boolean {
    return this.#committing > 0
  }

  async #append(row: PushRow): Promise<Appended> {
    this.#committing++
    try {
      return await this.#options.store.pushes.append(row)
    } finally {
      this.#committing--
    }
  }

  /** An event can't be transferred. */
  #mayTransfer({ payload }: Push): boolean {
    return payload.msgType !== 'event' && (this.#options.mayTransfer?.(payload) ?? true)
  }

  /**
   * Several processes take pushes of the same conversation, so each is read back in their common order by the one
   * that handles the conversation; the answer comes from there.
   */
  async #shared(id: number, shard: number, answered: boolean): Promise<Accepted> {
    if (answered) {
      this.#arrived.add(shard)
      this.#announcing ??= setTimeout(() => void this.#announce(), ANNOUNCED_MS)
      return unwaited
    }
    const accepted = { answer: this.#await(id), run: newRun() }
    if (this.#options.shards.has(shard)) this.readBack()
    else await this.#options.store.signals.send('push', String(shard))
    return accepted
  }

  /** Tells whoever has them of pushes that nobody waits for, all that came within a moment at once. */
  async #announce(): Promise<void> {
    const { shards, store, logger } = this.#options
    this.#announcing = undefined
    const arrived = [...this.#arrived]
    this.#arrived.clear()
    if (arrived.some((shard) => shards.has(shard))) this.readBack()
    const others = arrived.filter((shard) => !shards.has(shard))
    if (others.length === 0) return
    try {
      await store.signals.send('push', others.join())
    } catch (err) {
      logger.warn({ err }, 'pushes could not be announced; they are found within a second')
    }
  }

  #await(id: number): Promise<Answer> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#answered(id, 'success'), AWAITED_MS).unref()
      this.#awaited.set(id, (answer) => {
        clearTimeout(timer)
        resolve(answer)
      })
    })
  }

  #answered(id: number, answer: Answer): boolean {
    const resolve = this.#awaited.get(id)
    this.#awaited.delete(id)
    resolve?.(answer)
    return resolve !== undefined
  }

  #give(job: Job): Accepted {
    const handled = this.#options.worker.add(job)
    const accepted = job.run.answered ? unwaited : { answer: handled, run: job.run }
    this.#running.set(job.push.id, accepted)
    this.#ids.add(job.pushId)
    void handled.then(() => {
      this.#running.delete(job.push.id)
      this.#ids.delete(job.pushId)
      if (this.#more) this.#refill()
    })
    return accepted
  }

  /** A push that was committed before: its answer if it is handled, else the wait for it. */
  async #repeat(key: string, id: number): Promise<Accepted> {
    const running = this.#running.get(key)
    if (running) return { ...running, repeat: true }
    const row = await this.#options.store.db
      .selectFrom('push')
      .select(['answer', 'state'])
      .where('id', '=', id)
      .executeTakeFirst()
    // Its first commit was made without our knowledge: the connection to the database broke before it was told.
    if (row?.state === 'new') this.readBack()
    return { ...unwaited, answer: Promise.resolve(row?.answer ?? 'success'), repeat: true }
  }

  /** Tells the process that received a push how to answer it, together with others of the same turn. */
  #tell(id: number, answer: Answer): void {
    this.#told.push([id, answer])
    if (this.#told.length > 1) return
    setImmediate(() => {
      const told = this.#told.splice(0)
      for (let i = 0; i < told.length; i += TOLD_AT_ONCE)
        this.#options.store.signals
          .send('answered', JSON.stringify(told.slice(i, i + TOLD_AT_ONCE)))
          .catch((error: unknown) =>
            this.#options.logger.warn({ error }, 'answers could not be told; they will be success'),
          )
    })
  }

  #refill(): void {
    if (this.#stopped || this.#options.worker.size >= this.#memory / 2) return
    this.#refilling ??= this.#read().finally(() => {
      this.#refilling = undefined
      if (this.#more) this.#refill()
    })
  }

  async #read(): Promise<void> {
    const { store, shards } = this.#options
    if (shards.owned.length === 0) {
      this.#more = false
      return
    }
    const left = this.#left
    try {
      const running = bulkRows(
        store.dialect,
        { id: 'bigint' },
        [...this.#ids].map((id) => ({ id })),
      )
      const rows = await store.db
        .selectFrom('push')
        .select(['id', 'app_id', 'plaintext', 'received_at', 'answer'])
        .where('state', '=', 'new')
        .where('shard', 'in', [...shards.owned])
        .where(sql<boolean>`id not in (select id from ${running})`)
        .orderBy('id')
        .limit(PAGE)
        .execute()
      this.#more = rows.length === PAGE || this.#left !== left
      for (const row of rows) {
        const push = restorePush({ appId: row.app_id, plaintext: row.plaintext })
        // Whoever waits for its answer is in another process, or was told success by an earlier one.
        const recent = this.#options.now() - row.received_at < AWAITED_MS
        const waited = !shards.alone && recent && row.answer === null
        const { answer } = this.#give({
          pushId: row.id,
          push,
          receivedAt: row.received_at,
          run: { ...newRun(), answered: !waited },
        })
        if (waited)
          void answer.then((each) => {
            if (!this.#answered(row.id, each)) this.#tell(row.id, each)
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

/** As long as WeChat waits: after that an answer is no use to anybody. */
const AWAITED_MS = 5000
const POLL_MS = 1000
/** What comes within so long is read back at once: a page for many pushes instead of a query for each. */
const ANNOUNCED_MS = 10
/** So many answers fit into one word. */
const TOLD_AT_ONCE = 200

/** Committed, to be handled in its turn, and answered at once. */
const unwaited: Accepted = { answer: Promise.resolve('success'), run: { ...newRun(), answered: true } }

/** PostgreSQL keeps no NUL in a text. */
function withoutNul(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text
}
