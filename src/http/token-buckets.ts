export interface TokenBucketsOptions {
  /** How much may be used at once. */
  readonly burst: number
  /** How much comes back in a second. */
  readonly perSecond: number
  /** How many keys are remembered; the one that was not seen for longest is forgotten first. */
  readonly most: number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

interface Bucket {
  tokens: number
  at: number
}

/** Counts what each key uses, in a bounded memory. */
export class TokenBuckets {
  readonly #options: TokenBucketsOptions
  /** In the order in which they were last seen. */
  readonly #buckets = new Map<string, Bucket>()

  constructor(options: TokenBucketsOptions) {
    this.#options = options
  }

  /** Uses one; 0 when there was one, else how many milliseconds it takes until there is. */
  take(key: string): number {
    const { burst, perSecond, most, now } = this.#options
    const at = now()
    const known = this.#buckets.get(key)
    this.#buckets.delete(key)
    // A clock that was put back gives nothing, and takes nothing.
    const gained = known ? (Math.max(at - known.at, 0) / 1000) * perSecond : 0
    const tokens = known ? Math.min(known.tokens + gained, burst) : burst
    const taken = tokens >= 1
    this.#buckets.set(key, { tokens: taken ? tokens - 1 : tokens, at })
    if (this.#buckets.size > most) this.#forgetOldest()
    return taken ? 0 : Math.ceil(((1 - tokens) / perSecond) * 1000)
  }

  get size(): number {
    return this.#buckets.size
  }

  #forgetOldest(): void {
    for (const key of this.#buckets.keys()) {
      this.#buckets.delete(key)
      return
    }
  }
}
