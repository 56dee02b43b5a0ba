import type { ClockView } from './protocol.js'

/** Real time plus what a test has added: it ages allowances, tokens and media. Signatures use real time. */
export class EmulatorClock {
  readonly #realNow: () => number
  #advancedMs = 0

  constructor(realNow: () => number = Date.now) {
    this.#realNow = realNow
  }

  /** Milliseconds since 1970 on the emulator's clock. */
  now(): number {
    return this.#realNow() + this.#advancedMs
  }

  /** Milliseconds since 1970 in the world. */
  realNow(): number {
    return this.#realNow()
  }

  advance(ms: number): void {
    if (!Number.isSafeInteger(ms) || ms < 0)
      throw new RangeError(
        'The clock only goes forward: advance by a whole number of milliseconds, 0 or more.',
      )
    this.#advancedMs += ms
  }

  /** Goes back to real time; returns by how much. */
  reset(): number {
    const advancedMs = this.#advancedMs
    this.#advancedMs = 0
    return advancedMs
  }

  view(): ClockView {
    return { now: this.now(), advancedMs: this.#advancedMs }
  }
}
