/** So many requests in a row that had no answer in time make an endpoint a silent one. */
const SILENT_AFTER = 5
/** How often a silent one is asked. */
export const PROBE_MS = 30_000

interface Heard {
  timeouts: number
  askedAt: number
}

/**
 * Which endpoints hang, so that nobody waits for them: a silent one is asked only now and then, until it answers
 * anything at all. Known to one process, from its own requests.
 */
export class CircuitBreaker {
  readonly #now: () => number
  readonly #heard = new Map<number, Heard>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether it is to be asked now; of a silent one it counts as asked. */
  mayAsk(endpointId: number): boolean {
    const heard = this.#heard.get(endpointId)
    if (heard === undefined || heard.timeouts < SILENT_AFTER) return true
    // A clock that was put back must not make it wait for longer.
    if (Math.abs(this.#now() - heard.askedAt) < PROBE_MS) return false
    heard.askedAt = this.#now()
    return true
  }

  answered(endpointId: number): void {
    this.#heard.delete(endpointId)
  }

  /** Whether it is silent from now on, and was not before. */
  timedOut(endpointId: number): boolean {
    const heard = this.#heard.get(endpointId) ?? { timeouts: 0, askedAt: 0 }
    heard.timeouts += 1
    heard.askedAt = this.#now()
    this.#heard.set(endpointId, heard)
    return heard.timeouts === SILENT_AFTER
  }
}
