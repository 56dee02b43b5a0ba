import type { Logger } from '../log.js'
import type { Answer } from '../wechat/index.js'
import { LostShards, shardOfJob, type Handling, type Job } from './handling.js'
import type { Shards } from './shards.js'
import { FIRST_PAUSE_MS, LONGEST_PAUSE_MS, type Worker } from './worker.js'

export interface BatchWorkerOptions {
  readonly handling: Pick<Handling, 'run'>
  readonly shards: Pick<Shards, 'has'>
  readonly logger: Logger
  readonly wait: (milliseconds: number) => Promise<unknown>
  /** Told after each commit, which may have queued messages. */
  readonly onHandled: () => void
  /** How many pushes are handled in one transaction at most; 500 when not given. */
  readonly batch?: number
}

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
      this.#running ??= this.#run().finally(() => {
        this.#running = undefined
      })
    })
  }

  async stop(milliseconds: number): Promise<void> {
    this.#stopped = true
    await Promise.race([this.#running, this.#options.wait(milliseconds)])
  }

  async #run(): Promise<void> {
    let pause = FIRST_PAUSE_MS
    // Let the turn's other pushes in first, so that they share the transaction.
    await new Promise(setImmediate)
    while (!this.#stopped) {
      this.#drop()
      if (this.#waiting.length === 0) return
      const batch = this.#waiting.slice(0, this.#batch)
      try {
        const answers = await this.#options.handling.run(batch.map((each) => each.job))
        this.#waiting.splice(0, batch.length)
        batch.forEach((each, i) => each.resolve(answers[i] ?? 'success'))
        this.#options.onHandled()
        pause = FIRST_PAUSE_MS
      } catch (error) {
        if (error instanceof LostShards) {
          await this.#options.wait(FIRST_PAUSE_MS)
          continue
        }
        this.#options.logger.error(
          { error, pause },
          'pushes could not be handled; they wait and are tried again',
        )
        await this.#options.wait(pause)
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
      }
      await new Promise(setImmediate)
    }
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
