import { BackgroundLoop } from '../../store/index.js'
import type { Logger } from '../../log.js'
import type { Purge } from './purge.js'

/** The ages at which things are deleted. */
export interface Kept {
  /** For the log. */
  readonly name: string
  readonly forMs: number
  readonly purge: Purge
}

export interface RetentionOptions {
  readonly kept: readonly Kept[]
  /** Whether this process is the one that deletes now. */
  readonly mine: () => boolean
  readonly logger: Logger
  readonly now: () => number
  readonly wait: (milliseconds: number) => Promise<unknown>
}

/** How often it is looked for what has become too old. */
const EVERY_MS = 3_600_000
/** A step that takes longer makes the next one smaller: pushes that come meanwhile wait for its end. */
const LONG_MS = 10
const SHORT_MS = 4
const MIN_ROWS = 20
const MAX_ROWS = 500
/** Between two steps everything else goes first, for at least so long, and so many times as long as the step took. */
const PAUSE_MS = 20
const PAUSE_TIMES = 4
const LONGEST_PAUSE_MS = 2000

/** Deletes what is too old, in small steps between which everything else goes on. */
export class Retention {
  readonly #options: RetentionOptions
  readonly #loop: BackgroundLoop
  #most = MIN_ROWS
  /** By how much the last pause was too long: how busy the process is with everything else. */
  #late = 0

  constructor(options: RetentionOptions) {
    this.#options = options
    this.#loop = new BackgroundLoop({
      pass: () => this.run(),
      everyMs: EVERY_MS,
      onError: (err) => {
        options.logger.error({ err }, 'what is too old could not be deleted; tried again in an hour')
      },
    })
  }

  start(): void {
    if (this.#options.kept.length > 0) this.#loop.wake()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  /** Deletes all that is too old now. */
  async run(): Promise<undefined> {
    for (const { name, forMs, purge } of this.#options.kept) {
      const before = this.#options.now() - forMs
      let deleted = 0
      let from: number | undefined = 0
      while (from !== undefined && !this.#loop.isStopped && this.#options.mine()) {
        const began = performance.now()
        const step: Awaited<ReturnType<Purge>> = await purge(before, from, this.#most)
        deleted += step.deleted
        from = step.next
        await this.#pause(performance.now() - began)
      }
      if (deleted > 0) this.#options.logger.info({ kind: name, deleted }, 'what was too old has been deleted')
    }
  }

  async #pause(took: number): Promise<void> {
    if (took > LONG_MS) this.#most = Math.max(Math.floor(this.#most / 2), MIN_ROWS)
    else if (took < SHORT_MS) this.#most = Math.min(this.#most * 2, MAX_ROWS)
    const pause = Math.max(PAUSE_MS, (took + this.#late) * PAUSE_TIMES)
    const began = performance.now()
    await this.#options.wait(Math.min(pause, LONGEST_PAUSE_MS))
    this.#late = Math.max(performance.now() - began - pause, 0)
  }
}
