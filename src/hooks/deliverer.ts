import { DueDeliveries, type Claimed, type Target } from './due-deliveries.js'

import { ConfigError } from '../errors.js'
import type { Logger } from '../log.js'
import { backoff, BackgroundLoop, Batcher, type Store } from '../store/index.js'
import { secretPurpose } from './endpoints.js'
import { NoAnswerError, type GuardedRequests } from './guarded-request.js'
import { pauseAfter, retryAfter } from './schedule.js'
import type { SecretCipher } from '../store/secret-cipher.js'
import { signedHeaders } from './signature.js'
import { CircuitBreaker } from './circuit-breaker.js'

/** The outcome of one attempt. */
export type DeliveryOutcome = 'delivered' | 'retry' | 'dead'

export interface DelivererOptions {
  readonly store: Store
  readonly secrets: SecretCipher
  readonly requests: Pick<GuardedRequests, 'send' | 'close'>
  readonly logger: Logger
  readonly now: () => number
  readonly wait: (milliseconds: number) => Promise<unknown>
  /** From 0 to 1, for the retries' jitter. */
  readonly random: () => number
  readonly onAttempt: (outcome: DeliveryOutcome) => void
  /** How many requests may be under way at once to one endpoint; 8 when not given. */
  readonly concurrency?: number
}

interface Settlement {
  readonly claimed: Claimed
  readonly outcome: DeliveryOutcome
  readonly status: number | null
  readonly problem: string | null
  readonly nextAt: number
  /** The receiver wants no more of anything. */
  readonly gone: boolean
}

const LOOK_MS = 5000
/** For noting that what was under way was cut off. */
const LAST_MS = 500

/**
 * Delivers what is queued to its endpoints: claimed in a commit before it leaves, so that of several processes one
 * sends it; what became of it is committed after. When a process ends between the two, it is sent again: a
 * receiver tells repeats by the webhook-id.
 */
export class Deliverer {
  readonly #options: DelivererOptions
  readonly #concurrency: number
  readonly #silence: CircuitBreaker
  readonly #settlements: Batcher<Settlement, undefined>
  /** How many are under way, by endpoint. */
  readonly #busy = new Map<number, number>()
  readonly #underWay = new Set<Promise<void>>()
  readonly #ending = new AbortController()
  readonly #loop: BackgroundLoop
  readonly #due: DueDeliveries

  constructor(options: DelivererOptions) {
    this.#options = options
    this.#due = new DueDeliveries(options.store, options.now)
    this.#concurrency = options.concurrency ?? 8
    this.#silence = new CircuitBreaker(options.now)
    this.#settlements = new Batcher((settlements) => this.#commit(settlements))
    this.#loop = new BackgroundLoop({
      pass: () => this.#look(),
      // Those of a process that is gone are found, too.
      everyMs: LOOK_MS,
      onError: (err) => {
        options.logger.error({ err }, 'the deliveries to webhooks could not be read; they are read again')
      },
    })
  }

  /** Goes on with what is queued. With SQLite no other process can be sending what an earlier one left. */
  async start(): Promise<void> {
    const { store, now } = this.#options
    if (store.dialect === 'sqlite')
      await store.db
        .updateTable('webhook_delivery')
        .set({ state: 'retry', next_at: now() })
        .where('state', '=', 'sending')
        .execute()
    this.wake()
  }

  /** Looks for what is due. */
  wake(): void {
    this.#loop.wake()
  }

  /** Starts nothing more, and gives what is under way so many milliseconds; what is cut off is sent again. */
  async stop(milliseconds: number): Promise<void> {
    this.#ending.abort()
    await this.#loop.stop()
    const { requests, wait } = this.#options
    await Promise.race([Promise.all(this.#underWay), wait(milliseconds)])
    await requests.close()
    await Promise.race([Promise.all(this.#underWay), wait(LAST_MS)])
  }

  /** Begins what is due; returns in how many milliseconds the next one will be. */
  async #look(): Promise<number | undefined> {
    await this.#due.reclaim()
    for (const target of await this.#due.targets()) {
      const free = this.#concurrency - (this.#busy.get(target.id) ?? 0)
      if (free <= 0) continue
      for (const claimed of await this.#due.claim(target.id, free)) this.#begin(target, claimed)
    }
    return this.#due.untilNext()
  }

  #begin(target: Target, claimed: Claimed): void {
    const { id } = target
    this.#busy.set(id, (this.#busy.get(id) ?? 0) + 1)
    const attempt = this.#attempt(target, claimed)
      .catch((err: unknown) => {
        this.#options.logger.error(
          { err, webhookId: id, deliveryId: claimed.id },
          'a delivery’s outcome could not be noted; it is sent again',
        )
      })
      .finally(() => {
        this.#busy.set(id, (this.#busy.get(id) ?? 1) - 1)
        this.#underWay.delete(attempt)
        this.wake()
      })
    this.#underWay.add(attempt)
  }

  async #attempt(target: Target, claimed: Claimed): Promise<void> {
    // One that hangs is not waited for: the attempt counts as made, and comes again as if it had been.
    const settlement = this.#silence.mayAsk(target.id)
      ? await this.#send(target, claimed)
      : this.#retryOf(claimed, null, 'silent', 0)
    await this.#settle(settlement)
    this.#options.onAttempt(settlement.outcome)
    const { outcome, status, problem, gone } = settlement
    if (outcome === 'delivered') return
    const fields = { webhookId: target.id, deliveryId: claimed.id, status, problem }
    if (gone) this.#options.logger.warn(fields, 'a webhook answered 410 and was disabled')
    else if (outcome === 'dead') this.#options.logger.warn(fields, 'a delivery to a webhook was given up')
    else this.#options.logger.info(fields, 'a delivery to a webhook failed and is tried again')
  }

  async #send(target: Target, claimed: Claimed): Promise<Settlement> {
    const { requests, now } = this.#options
    try {
      const headers = signedHeaders(
        { eventId: claimed.event_id, body: claimed.body },
        this.#secrets(target),
        Math.floor(now() / 1000),
      )
      const answer = await requests.send({
        url: target.url,
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'kefu' },
        body: claimed.body,
      })
      const { status } = answer
      this.#silence.answered(target.id)
      if (status >= 200 && status < 300)
        return { claimed, outcome: 'delivered', status, problem: null, nextAt: 0, gone: false }
      if (status === 410) return { claimed, outcome: 'dead', status, problem: 'gone', nextAt: 0, gone: true }
      const asked = answer.headers['retry-after']
      return this.#retryOf(claimed, status, problemOf(status), retryAfter([asked].flat()[0], now()))
    } catch (err) {
      if (err instanceof NoAnswerError) {
        this.#hear(target, err)
        return this.#retryOf(claimed, null, err.code, 0)
      }
      // A process that has the right key may still sign it.
      if (err instanceof ConfigError) return this.#retryOf(claimed, null, 'secret', 0)
      const fields = { err, webhookId: target.id, deliveryId: claimed.id }
      this.#options.logger.error(fields, 'a delivery to a webhook could not be made')
      return this.#retryOf(claimed, null, 'internal', 0)
    }
  }

  #hear({ id }: Target, { code }: NoAnswerError): void {
    // Cut off by our own end, it says nothing of the endpoint.
    if (code === 'stopped') return
    if (code !== 'timeout') this.#silence.answered(id)
    else if (this.#silence.timedOut(id))
      this.#options.logger.warn(
        { webhookId: id },
        'a webhook does not answer: it is asked every half minute until it does, and not waited for meanwhile',
      )
  }

  #retryOf(claimed: Claimed, status: number | null, problem: string, askedMs: number): Settlement {
    const { now, random } = this.#options
    const pause = pauseAfter(claimed.attempts, random, askedMs)
    return pause === undefined
      ? { claimed, outcome: 'dead', status, problem, nextAt: 0, gone: false }
      : { claimed, outcome: 'retry', status, problem, nextAt: now() + pause, gone: false }
  }

  /** The secret, and the one before while it still signs. */
  #secrets({ id, sealed_secret, sealed_old_secret, old_secret_until }: Target): string[] {
    const { secrets, now } = this.#options
    const old = old_secret_until !== null && now() < old_secret_until ? sealed_old_secret : null
    return [sealed_secret, old].flatMap((sealed) =>
      sealed === null ? [] : [secrets.decrypt(sealed, secretPurpose(id))],
    )
  }

  /** The outcome is committed however long the database is away: without it the delivery is sent again. */
  async #settle(settlement: Settlement): Promise<void> {
    for (const pause of backoff(100, 5000)) {
      try {
        await this.#settlements.add(settlement)
        return
      } catch (error) {
        if (this.#ending.signal.aborted) throw error
        await this.#options.wait(pause)
      }
    }
  }

  async #commit(settlements: readonly Settlement[]): Promise<{ result: undefined }[]> {
    const { store, now } = this.#options
    await store.db.transaction().execute(async (tx) => {
      for (const { claimed, outcome, status, problem, nextAt, gone } of settlements) {
        await tx
          .updateTable('webhook_delivery')
          .set({
            state: outcome,
            status,
            problem,
            next_at: nextAt,
            lease_until: null,
            settled_at: outcome === 'retry' ? null : now(),
          })
          .where('id', '=', claimed.id)
          // Not what was claimed anew meanwhile.
          .where('state', '=', 'sending')
          .where('attempts', '=', claimed.attempts)
          .execute()
        if (gone)
          await tx
            .updateTable('webhook')
            .set({ enabled: 0, disabled_reason: 'gone' })
            .where('id', '=', claimed.webhook_id)
            .execute()
      }
    })
    return settlements.map(() => ({ result: undefined }))
  }
}

function problemOf(status: number): string {
  return status >= 300 && status < 400 ? 'redirect' : 'status'
}
