import type { ClockView } from './protocol.js'

export interface ClockOptions {
  /** Milliseconds since 1970. */
  readonly realNow?: () => number
  /** Stands still there, in milliseconds since 1970, and goes on only when it is put forward. */
  readonly fixedAt?: number | undefined
}

/**
 * Real time plus what a test has added: it ages allowances, tokens and media. Signatures use real time, unless the
 * clock stands still: then they follow it.
 */
export class EmulatorClock {
  readonly #realNow: () => number
  readonly #fixedAt: number | undefined
  #advancedMs = 0

  constructor({ realNow = Date.now, fixedAt }: ClockOptions = {}) {
    this.#realNow = realNow
    this.#fixedAt = fixedAt
  }

  /** Milliseconds since 1970 on the emulator's clock. */
  now(): number {
    return (this.#fixedAt ?? this.#realNow()) + this.#advancedMs
  }

  /** Milliseconds since 1970 as pushes and records carry it: those of the world, or of a clock that stands still. */
  signedNow(): number {
    return this.#fixedAt === undefined ? this.#realNow() : this.now()
  }

  advance(ms: number): void {
    if (!Number.isSafeInteger(ms) || ms < 0)
      throw new RangeError(
        'The clock only goes forward: advance by a whole number of milliseconds, 0 or more.',
      )
    this.#advancedMs += ms
  }

  /** Goes back to where it began; returns by how much. */
  reset(): number {
    const advancedMs = this.#advancedMs
    this.#advancedMs = 0
    return advancedMs
  }

  view(): ClockView {
    return {
      now: this.now(),
      advancedMs: this.#advancedMs,
      ...(this.#fixedAt === undefined ? {} : { fixedAt: this.#fixedAt }),
    }
  }
}
