const FAILURES = 5
const WITHIN_MS = 60_000
const OPEN_MS = 30_000

/** Leaves a provider alone that has failed again and again; then one call tries whether it is back. */
export class Breaker {
  readonly #now: () => number
  #failures: number[] = []
  #openUntil = 0
  #isProbing = false

  constructor(now: () => number) {
    this.#now = now
  }

  get isOpen(): boolean {
    return this.#openUntil !== 0 && (this.#isProbing || this.#now() < this.#openUntil)
  }

  /** Whether a call may be made now; where it is the one that tries, no other may until it has ended. */
  admits(): boolean {
    if (this.isOpen) return false
    if (this.#openUntil !== 0) this.#isProbing = true
    return true
  }

  succeeded(): void {
    this.#failures = []
    this.#openUntil = 0
    this.#isProbing = false
  }

  failed(): void {
    const now = this.#now()
    this.#failures = [...this.#failures.filter((at) => at > now - WITHIN_MS), now]
    if (this.#isProbing || this.#failures.length >= FAILURES) this.#openUntil = now + OPEN_MS
    this.#isProbing = false
  }

  /** The call came to nothing that tells about the provider. */
  ended(): void {
    this.#isProbing = false
  }
}
