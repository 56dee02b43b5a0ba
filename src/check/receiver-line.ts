import { pushAgent, type ExchangeOptions, type Outcome as Exchanged } from '../emulator/exchange.js'
import { makeAttempt } from '../emulator/push-attempt.js'
import { askUrl } from '../emulator/verify-url.js'
import type { WrittenPush } from './check-pushes.js'
import { ORIGINAL_ID } from './check-pushes.js'
import { outcomeOf, type Outcome } from './outcome.js'

/** Requests of one run. A receiver may be in use. */
export const MAX_REQUESTS = 60

/** An answer to a question of WeChat's about the URL, and how long it took. */
export interface UrlAnswer {
  readonly exchanged: Exchanged
  readonly ms: number
}

/** The way to the receiver: WeChat's requests, each on a connection of its own, and a bound on their number. */
export class ReceiverLine {
  readonly #url: string
  readonly #now: () => number
  readonly #options: ExchangeOptions
  #made = 0

  constructor(options: { url: string; timeoutMs: number; now: () => number; signal: AbortSignal }) {
    const { url, timeoutMs, now, signal } = options
    this.#url = url
    this.#now = now
    this.#options = { agent: pushAgent(), timeoutMs, signal }
  }

  get made(): number {
    return this.#made
  }

  /** Asks for an echostr; undefined when no request is left. */
  async ask(query: Readonly<Record<string, string>>): Promise<UrlAnswer | undefined> {
    if (!this.#take()) return undefined
    const started = performance.now()
    const exchanged = await askUrl(this.#url, query, this.#options)
    return { exchanged, ms: Math.round(performance.now() - started) }
  }

  /** Pushes once; undefined when no request is left. */
  async push(written: WrittenPush): Promise<Outcome | undefined> {
    if (!this.#take()) return undefined
    const { push, secrets, format, openId, isMessage, chunked } = written
    const target = {
      pushUrl: this.#url,
      push,
      format,
      secrets,
      openId: isMessage ? openId : undefined,
      originalId: ORIGINAL_ID,
      chunked,
    }
    return outcomeOf(await makeAttempt(this.#made, target, { ...this.#options, now: this.#now }))
  }

  async close(): Promise<void> {
    await this.#options.agent.destroy()
  }

  #take(): boolean {
    if (this.#made >= MAX_REQUESTS) return false
    this.#made++
    return true
  }
}
