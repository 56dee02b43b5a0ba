import type { Logger } from '../../log.js'
import { isDatabaseFault } from '../../store/index.js'
import type { Answer } from '../../wechat/index.js'
import { LostShards, shardOfJob, type Handling, type Job } from './handling.js'
import type { Shards } from '../shards.js'
import { FIRST_PAUSE_MS, LONGEST_PAUSE_MS, type Worker } from './worker.js'

export interface BatchWorkerOptions {
  readonly handling: Pick<Handling, 'run' | 'fail'>
  readonly shards: Pick<Shards, 'has'>
  readonly logger: Logger
  readonly wait: (milliseconds: number) => Promise<unknown>
  /** Told after each commit, which may have queued messages. */
  readonly onHandled: () => void
  /** Whether pushes are being committed now, so that a pause without new ones is none. */
  readonly arriving?: () => boolean
  /** How many pushes are handled in one transaction at most; 500 when not given: some 50 ms that pushes may wait. */
  readonly batch?: number
}

/** How often a push is tried by itself before it counts as failed. */
const ATTEMPTS = 3
/** Pushes that nobody waits for are handled at once while they are so few, */
const FEW = 8
/** else when so long no other has come, */
const QUIET_MS = 10
/** or when they have waited so long: as long as WeChat itself waits for an answer. */
const LONGEST_WAIT_MS = 5000

interface Waiting {
  readonly job: Job
  /** WeChat waits for its answer. */
  readonly urgent: boolean
  /** By the clock that only ever goes on. */
  readonly since: number
  readonly resolve: (answer: Answer) => void
}

/**
 * For bots that answer by themselves (rules): all that waits is handled in one transaction after the other. Answers
 * to WeChat come first: while pushes keep coming, those that are answered already wait for a while.
 */
export class BatchWorker implements Worker {
  readonly #options: BatchWorkerOptions
  readonly #batch: number
  #waiting: Waiting[] = []
  /** How many were ever added. */
  #added = 0
  /** How many those were when a pause was last found: until another comes, it lasts. */
  #pausedAt = -1
  /** How many of those that wait are urgent. */
  #urgent = 0
  #running: Promise<void> | undefined
  #stopped = false

  constructor(options: BatchWorkerOptions) {
    this.#options = options
    this.#batch = options.batch ?? 500
  }

  get size(): number {
    return this.#waiting.length
  }

  add(job: Job): Promise<Answer> {
    return new Promise((resolve) => {
      const urgent = !job.run.answered
      this.#waiting.push({ job, urgent, since: performance.now(), resolve })
      this.#added++
      if (urgent) this.#urgent++
      this.#start()
    })
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      // What came between the last look and here.
      if (this.#waiting.length > 0 && !this.#stopped) this.#start()
    })
  }

  async stop(milliseconds: number): Promise<void> {
    this.#stopped = true
    await Promise.race([this.#running, this.#options.wait(milliseconds)])
  }

  async #run(): Promise<void> {
    let pause = FIRST_PAUSE_MS
    let most = this.#batch
    let failures = 0
    while (!this.#stopped) {
      await this.#turn()
      const batch = this.#next(most)
      if (batch.length === 0) return
      try {
        this.#settle(batch, await this.#options.handling.run(batch.map((each) => each.job)))
        pause = FIRST_PAUSE_MS
        failures = 0
        most = Math.min(most * 2, this.#batch)
      } catch (error) {
        if (error instanceof LostShards) {
          await this.#options.wait(FIRST_PAUSE_MS)
          continue
        }
        this.#options.logger.error(
          { err: error, pause, pushes: batch.length },
          'pushes could not be handled; they wait and are tried again',
        )
        // Each by itself from here, so that one which can't be handled holds up only itself, and not for ever.
        most = 1
        failures = batch.length === 1 && !isDatabaseFault(error) ? failures + 1 : 0
        if (failures >= ATTEMPTS && (await this.#giveUp(batch))) failures = 0
        else {
          await this.#options.wait(pause)
          pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
        }
      }
    }
  }

  /** Waits for the time to handle something: the turn's other pushes share the transaction. */
  async #turn(): Promise<void> {
    await new Promise(setImmediate)
    while (this.#urgent === 0 && this.#waiting.length > FEW && !this.#stopped) {
      const [oldest] = this.#waiting
      if (!oldest || performance.now() - oldest.since > LONGEST_WAIT_MS) return
      const before = this.#added
      if (before !== this.#pausedAt) await this.#options.wait(QUIET_MS)
      if (this.#added === before && this.#options.arriving?.() !== true) {
        this.#pausedAt = before
        return
      }
      this.#pausedAt = -1
    }
  }

  /** What is handled next, left where it waits; forgets what another process has now. */
  #next(most: number): readonly Waiting[] {
    const { shards } = this.#options
    const first = this.#waiting.slice(0, most)
    const mine = first.filter(({ job }) => shards.has(shardOfJob(job)))
    if (mine.length === first.length) return first
    this.#waiting.splice(0, first.length, ...mine)
    for (const each of first) if (!mine.includes(each)) this.#end(each, 'success')
    return mine.length > 0 ? mine : this.#next(most)
  }

  #settle(batch: readonly Waiting[], answers: readonly Answer[]): void {
    this.#waiting.splice(0, batch.length)
    batch.forEach((each, i) => {
      this.#end(each, answers[i] ?? 'success')
    })
    this.#options.onHandled()
  }

  /** Marks a push as failed; false when that can't be committed either, so that it is the database that fails. */
  async #giveUp(batch: readonly Waiting[]): Promise<boolean> {
    const [{ job } = { job: undefined }] = batch
    if (!job) return false
    try {
      await this.#options.handling.fail(job)
    } catch {
      return false
    }
    this.#options.logger.error({ pushId: job.push.id }, 'a push could not be handled and is marked failed')
    this.#settle(batch, ['success'])
    return true
  }

  #end(each: Waiting, answer: Answer): void {
    if (each.urgent) this.#urgent--
    each.resolve(answer)
  }
}
