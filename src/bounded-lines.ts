import type { Logger } from './log.js'

/** How many lines a minute say what was refused; the rest is counted. */
export const LINES_A_MINUTE = 60
const MINUTE_MS = 60_000

export interface BoundedLinesOptions {
  readonly logger: Logger
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** The words of the count, such as `further API requests were refused`. */
  readonly summary: string
}

/** Warnings that strangers can cause, so many a minute at most, and then how many more there were. */
export class BoundedLines {
  readonly #options: BoundedLinesOptions
  #began = -Infinity
  #lines = 0
  #more = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: BoundedLinesOptions) {
    this.#options = options
  }

  warn(fields: object, message: string): void {
    const now = this.#options.now()
    // A clock that was put back begins anew, too.
    if (Math.abs(now - this.#began) >= MINUTE_MS) this.#begin(now)
    if (this.#lines < LINES_A_MINUTE) {
      this.#lines++
      this.#options.logger.warn(fields, message)
      return
    }
    this.#more++
    // The count is told also when nothing comes any more.
    this.#timer ??= setTimeout(() => {
      this.#tellMore()
    }, MINUTE_MS).unref()
  }

  /** Says how many more there were, where there were any. */
  #tellMore(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#more === 0) return
    this.#options.logger.warn({ count: this.#more }, this.#options.summary)
    this.#more = 0
  }

  #begin(now: number): void {
    this.#tellMore()
    this.#began = now
    this.#lines = 0
  }
}

/** A logger whose warnings are so bounded. */
export function boundedWarnings(options: BoundedLinesOptions): Logger {
  const { logger } = options
  const lines = new BoundedLines(options)
  return {
    debug: (fields, message) => {
      logger.debug(fields, message)
    },
    info: (fields, message) => {
      logger.info(fields, message)
    },
    warn: (fields, message) => {
      lines.warn(fields, message)
    },
    error: (fields, message) => {
      logger.error(fields, message)
    },
  }
}
