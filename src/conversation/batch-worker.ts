import type { Logger } from '../log.js'
import { isDatabaseFault } from '../store/index.js'
import type { Answer } from '../wechat/index.js'
import { LostShards, shardOfJob, type Handling, type Job } from './handling.js'
import type { Shards } from './shards.js'
import { FIRST_PAUSE_MS, LONGEST_PAUSE_MS, type Worker } from './worker.js'

export interface BatchWorkerOptions {
  readonly handling: Pick<Handling, 'run' | 'fail'>
  readonly shards: Pick<Shards, 'has'>
  readonly logger: Logger
  readonly wait: (milliseconds: number) => Promise<unknown>
  /** Told after each commit, which may have queued messages. */
  readonly onHandled: () => void
  /** How many pushes are handled in one transaction at most; 500 when not given. */
  readonly batch?: number
}

/** How often a push is tried by itself before it counts as failed. */
const ATTEMPTS = 3

interface Waiting {
  readonly job: Job
  readonly resolve: (answer: Answer) => void
}

/** For bots that answer by themselves (rules): all that waits is handled in one transaction after the other. */
export class BatchWorker implements Worker {
  readonly #options: BatchWorkerOptions
  readonly #batch: number
  #waiting: Waiting[] = []
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
      this.#waiting.push({ job, resolve })
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
    // Let the turn's other pushes in first, so that they share the transaction.
    await new Promise(setImmediate)
    while (!this.#stopped) {
      this.#drop()
      if (this.#waiting.length === 0) return
      const batch = this.#waiting.slice(0, most)
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
      await new Promise(setImmediate)
    }
  }

  #settle(batch: readonly Waiting[], answers: readonly Answer[]): void {
    this.#waiting.splice(0, batch.length)
    batch.forEach((each, i) => {
      each.resolve(answers[i] ?? 'success')
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

  /** Forgets what another process has now. */
  #drop(): void {
    const { shards } = this.#options
    const lost = this.#waiting.filter(({ job }) => !shards.has(shardOfJob(job)))
    if (lost.length === 0) return
    this.#waiting = this.#waiting.filter((each) => !lost.includes(each))
    for (const each of lost) each.resolve('success')
  }
}
