import { newRun, type Accepted, type Run } from '../../bot/index.js'
import type { Logger } from '../../log.js'
import { every, shardOf, type Appended, type PushRow, type Store } from '../../store/index.js'
import type { Answer, IncomingMessage, Push } from '../../wechat/index.js'
import { customerOf, withCustomer } from './customer.js'
import type { Job } from './job.js'
import type { Shards } from '../shards.js'
import { AWAITED_MS, RemoteAnswers } from './remote-answers.js'
import { waitingPushes } from './waiting-pushes.js'
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
  /** Pushes that are being handled, by Push.id, for repeats. */
  readonly #running = new Map<string, Accepted>()
  /** Some pushes wait in the database only; until they are read, every later one waits there too. */
  #more = false
  /** The same by the rows' ids, so that none is read back while it runs. */
  readonly #ids = new Set<number>()
  /** Counts the pushes that were left to the database, to notice those that a read under way may have missed. */
  #left = 0
  #refilling: Promise<void> | undefined
  readonly #remote: RemoteAnswers
  /** The shards of pushes that are answered already and to be announced. */
  readonly #arrived = new Set<number>()
  #announcing: NodeJS.Timeout | undefined
  /** How many pushes are being committed. */
  #committing = 0
  readonly #ends: (() => void)[] = []
  #stopped = false

  constructor(options: InboxOptions) {
    this.#options = options
    this.#memory = options.memory ?? 10_000
    this.#remote = new RemoteAnswers({ store: options.store, logger: options.logger })
  }

  /** Goes on with what an earlier process left, and follows what the other processes say. */
  start(): void {
    const { store, shards } = this.#options
    this.#ends.push(
      store.signals.on('push', (word) => {
        if (word.split(',').some((shard) => shards.has(Number(shard)))) this.readBack()
      }),
      this.#remote.start(),
    )
    this.readBack()
    if (shards.alone) return
    // Pushes of another process are found also when its signal was missed.
    this.#ends.push(every(POLL_MS, () => this.readBack()))
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
  async accept(given: Push): Promise<Accepted> {
    const push = withCustomer(given)
    const running = this.#running.get(push.id)
    if (running) return { ...running, repeat: true }
    const receivedAt = this.#options.now()
    const { appId, format, plaintext } = push
    const { openId } = customerOf(push)
    const answered = !this.#mayTransfer(push)
    const kept = { dedupeKey: push.id, appId, openId, format, plaintext: withoutNul(plaintext) }
    const row = { ...kept, receivedAt, answered, unreadable: push.unreadable?.problem }
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

  /** An event can't be transferred, nor what can't be read. */
  #mayTransfer({ payload, unreadable }: Push): boolean {
    return (
      unreadable === undefined &&
      payload.msgType !== 'event' &&
      (this.#options.mayTransfer?.(payload) ?? true)
    )
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
    const accepted = { answer: this.#remote.wait(id), run: newRun() }
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

  #give(job: Job): Accepted {
    let decide: (answer: Answer) => void = () => undefined
    const isWaited = !job.run.answered
    const handled = this.#options.worker.add(
      isWaited
        ? {
            ...job,
            onDecided: (answer) => {
              decide(answer)
            },
          }
        : job,
    )
    const answer = isWaited
      ? new Promise<Answer>((resolve) => {
          decide = resolve
          void handled.then(resolve)
        })
      : handled
    const accepted = isWaited ? { answer, run: job.run } : unwaited
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

  /** Notes when the process that took a push has answered it: from then on it can't be transferred. */
  #endWait(run: Run, receivedAt: number): void {
    const left = TRANSFERABLE_MS - (this.#options.now() - receivedAt)
    setTimeout(() => (run.answered = true), left).unref()
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
      const rows = await waitingPushes(store, { shards: shards.owned, except: [...this.#ids], most: PAGE })
      this.#more = rows.length === PAGE || this.#left !== left
      for (const { push, ...row } of rows) {
        // Whoever waits for its answer is in another process, or was told success by an earlier one.
        const recent = this.#options.now() - row.receivedAt < AWAITED_MS
        const isWaitedElsewhere = !shards.alone && recent && row.answer === null
        const run = { ...newRun(), answered: !isWaitedElsewhere }
        const { id: pushId, receivedAt, attempts } = row
        const { answer } = this.#give({ pushId, push, receivedAt, run, isWaitedElsewhere, attempts })
        if (!isWaitedElsewhere) continue
        this.#endWait(run, receivedAt)
        void answer.then((each) => {
          this.#remote.decide(pushId, each)
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

/** So long an answer that is decided at one process reaches the other before WeChat is answered, after 4.5 s. */
const TRANSFERABLE_MS = 4000
const POLL_MS = 1000
/** What comes within so long is read back at once: a page for many pushes instead of a query for each. */
const ANNOUNCED_MS = 10

/** Committed, to be handled in its turn, and answered at once. */
const unwaited: Accepted = { answer: Promise.resolve('success'), run: { ...newRun(), answered: true } }

/** PostgreSQL keeps no NUL in a text. */
function withoutNul(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text
}
