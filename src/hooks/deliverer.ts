import { sql, type RawBuilder } from 'kysely'
import { ConfigError } from '../errors.js'
import type { Logger } from '../log.js'
import { Batcher, type Store } from '../store/index.js'
import { secretPurpose } from './endpoints.js'
import { NoAnswerError, type GuardedRequests } from './guarded-request.js'
import { pauseAfter, retryAfter } from './schedule.js'
import type { SecretSeal } from './secret-seal.js'
import { signedHeaders } from './signature.js'
import { Silence } from './silence.js'

/** What became of one attempt. */
export type DeliveryOutcome = 'delivered' | 'retry' | 'dead'

export interface DelivererOptions {
  readonly store: Store
  readonly seal: SecretSeal
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

interface Target {
  readonly id: number
  readonly url: string
  readonly sealed_secret: string | null
  readonly sealed_old_secret: string | null
  readonly old_secret_until: number | null
}

interface Claimed {
  readonly id: number
  readonly webhook_id: number
  readonly event_id: string
  readonly body: string
  readonly attempts: number
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

/** Longer than any attempt takes, so that a lease that lapsed means that its process is gone. */
const LEASE_MS = 30_000
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
  readonly #silence: Silence
  readonly #settlements: Batcher<Settlement, undefined>
  /** How many are under way, by endpoint. */
  readonly #busy = new Map<number, number>()
  readonly #underWay = new Set<Promise<void>>()
  readonly #ending = new AbortController()
  #looking: Promise<void> | undefined
  #again = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: DelivererOptions) {
    this.#options = options
    this.#concurrency = options.concurrency ?? 8
    this.#silence = new Silence(options.now)
    this.#settlements = new Batcher((settlements) => this.#commit(settlements))
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
    if (this.#ending.signal.aborted) return
    this.#again = true
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
      if (this.#again) this.wake()
    })
  }

  /** Starts nothing more, and gives what is under way so many milliseconds; what is cut off is sent again. */
  async stop(milliseconds: number): Promise<void> {
    this.#ending.abort()
    clearTimeout(this.#timer)
    await this.#looking
    const { requests, wait } = this.#options
    await Promise.race([Promise.all(this.#underWay), wait(milliseconds)])
    await requests.close()
    await Promise.race([Promise.all(this.#underWay), wait(LAST_MS)])
  }

  async #look(): Promise<void> {
    while (this.#again) {
      this.#again = false
      if (this.#ending.signal.aborted) return
      try {
        await this.#reclaim()
        for (const target of await this.#targets()) {
          const free = this.#concurrency - (this.#busy.get(target.id) ?? 0)
          if (free <= 0) continue
          for (const claimed of await this.#claim(target.id, free)) this.#begin(target, claimed)
        }
        await this.#sleep()
      } catch (err) {
        this.#options.logger.error(
          { err },
          'the deliveries to webhooks could not be read; they are read again',
        )
        this.#wakeIn(LOOK_MS)
      }
    }
  }

  /** Another process that is gone had claimed them. */
  async #reclaim(): Promise<void> {
    const { store } = this.#options
    if (store.dialect === 'sqlite') return
    await sql`update webhook_delivery set state = 'retry', next_at = 0, lease_until = null
      where state = 'sending' and lease_until < ${databaseNow}`.execute(store.db)
  }

  async #targets(): Promise<Target[]> {
    return this.#options.store.db
      .selectFrom('webhook')
      .select(['id', 'url', 'sealed_secret', 'sealed_old_secret', 'old_secret_until'])
      .where('enabled', '=', 1)
      .orderBy('id')
      .execute()
  }

  async #claim(webhookId: number, most: number): Promise<readonly Claimed[]> {
    const { store, now } = this.#options
    const shared = store.dialect === 'postgres'
    const lease = shared ? sql`${databaseNow} + ${sql.lit(LEASE_MS)}` : sql`null`
    const { rows } = await sql<Claimed>`
      update webhook_delivery set state = 'sending', attempts = attempts + 1, lease_until = ${lease}
      where id in (
        select id from webhook_delivery
        where webhook_id = ${webhookId} and state in ('queued', 'retry') and next_at <= ${now()}
        order by next_at, id limit ${most} ${shared ? sql`for update skip locked` : sql``})
      returning id, webhook_id, event_id, body, attempts`.execute(store.db)
    return rows
  }

  /** Until the next one is due; and never too long, for those of a process that is gone. */
  async #sleep(): Promise<void> {
    const { store, now } = this.#options
    const { due } = await store.db
      .selectFrom('webhook_delivery')
      .innerJoin('webhook', 'webhook.id', 'webhook_delivery.webhook_id')
      .select((eb) => eb.fn.min<number | null>('next_at').as('due'))
      .where('state', 'in', ['queued', 'retry'])
      .where('enabled', '=', 1)
      .where('next_at', '>', now())
      .executeTakeFirstOrThrow()
    this.#wakeIn(due === null ? LOOK_MS : Math.min(due - now(), LOOK_MS))
  }

  #wakeIn(milliseconds: number): void {
    clearTimeout(this.#timer)
    if (!this.#ending.signal.aborted) this.#timer = setTimeout(() => this.wake(), milliseconds)
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
      // What can't be signed here may be by a process that has the right key.
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
    const { seal, now } = this.#options
    const old = old_secret_until !== null && now() < old_secret_until ? sealed_old_secret : null
    return [sealed_secret, old].flatMap((sealed) =>
      sealed === null ? [] : [seal.open(sealed, secretPurpose(id))],
    )
  }

  /** The outcome is committed however long the database is away: without it the delivery is sent again. */
  async #settle(settlement: Settlement): Promise<void> {
    for (let pause = 100; ; pause = Math.min(pause * 2, 5000)) {
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

// The database's clock, because the processes' may differ.
const databaseNow: RawBuilder<number> = sql`(extract(epoch from clock_timestamp()) * 1000)::bigint`

function problemOf(status: number): string {
  return status >= 300 && status < 400 ? 'redirect' : 'status'
}
