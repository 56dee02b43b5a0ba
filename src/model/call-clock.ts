import type { ModelReason } from '../protocol/model-reasons.js'
import type { Budgets } from './chat.js'

class TimedOut extends Error {
  readonly reason: ModelReason

  constructor(reason: ModelReason) {
    super(reason)
    this.reason = reason
  }
}

/** One call's clock, and what ends it. */
export class CallClock {
  readonly budgets: Budgets
  readonly #wanted: AbortSignal
  readonly #elapsed: () => number
  readonly #started: number
  readonly #ends = new AbortController()

  constructor(wanted: AbortSignal, budgets: Budgets, elapsed: () => number) {
    this.#wanted = wanted
    this.budgets = budgets
    this.#elapsed = elapsed
    this.#started = elapsed()
  }

  get signal(): AbortSignal {
    return AbortSignal.any([this.#wanted, this.#ends.signal])
  }

  get ms(): number {
    return this.#elapsed() - this.#started
  }

  /** Waits no longer than a budget, nor past the whole. Throws TimedOut. */
  async within<T>(work: Promise<T>, ms: number, reason: ModelReason): Promise<T> {
    const left = this.budgets.totalMs - this.ms
    const timeout = AbortSignal.timeout(Math.max(Math.ceil(Math.min(ms, left)), 0))
    let leave = (): void => undefined
    const late = new Promise<never>((_, reject) => {
      timeout.addEventListener('abort', () => {
        reject(new TimedOut(ms <= left ? reason : 'timeout_total'))
      })
      leave = () => {
        reject(new TimedOut('aborted'))
      }
      this.#wanted.addEventListener('abort', leave)
    })
    work.catch(() => undefined)
    try {
      return await Promise.race([work, late])
    } finally {
      // An answer has many parts, and one signal.
      this.#wanted.removeEventListener('abort', leave)
    }
  }

  reasonFor(error: unknown): ModelReason {
    if (this.#wanted.aborted) return 'aborted'
    if (error instanceof TimedOut) return error.reason
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'KEFU_ADDRESS_REFUSED') return 'private_address'
    if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'timeout_connect'
    if (code === 'UND_ERR_HEADERS_TIMEOUT') return 'timeout_headers'
    if (/^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH)$/.test(code)) return 'unreachable'
    if (/CERT|TLS|SSL|EPROTO/.test(code)) return 'tls'
    return 'reset'
  }

  /** Closes the connection where it is still open. */
  end(): void {
    this.#ends.abort()
  }
}
