import { BackgroundLoop, every } from '../store/index.js'
import type { Logger } from '../log.js'
import { AddressGuard } from './address-guard.js'
import { Deliverer, type DeliveryOutcome } from './deliverer.js'
import { Deliveries } from './deliveries.js'
import { Endpoints } from './endpoints.js'
import { Follower } from './follower.js'
import { GuardedRequests } from './guarded-request.js'
import type { HookEventSource } from './hook-events.js'
import type { SecretCipher } from '../store/secret-cipher.js'

export interface HooksOptions extends HookEventSource {
  readonly secrets: SecretCipher
  readonly logger: Logger
  readonly wait: (milliseconds: number) => Promise<unknown>
  /** Networks that are not public and may be delivered to all the same. */
  readonly allowPrivate: readonly string[]
  readonly onAttempt: (outcome: DeliveryOutcome) => void
  readonly random?: () => number
  /** A host's addresses; the system's resolver when not given. */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>
  /** How long one attempt may take; 15 s when not given. */
  readonly timeoutMs?: number
}

/** Milliseconds that an endpoint may take to respond (Standard Webhooks: 15 to 30 s). */
const TIMEOUT_MS = 15_000
/** Of an answer only the status counts; this much is read to keep the connection for the next. */
const MAX_BYTES = 16 * 1024
/** How often the feed is looked at, should a word of it have been missed. */
const LOOK_MS = 2000
const PURGE_MS = 10 * 60_000

/** Outgoing webhooks: what happens is told to the operator's own system. */
export class Hooks {
  readonly endpoints: Endpoints
  readonly deliveries: Deliveries
  readonly #options: HooksOptions
  readonly #follower: Follower
  readonly #deliverer: Deliverer
  #ends: (() => void)[] = []
  readonly #purging: BackgroundLoop

  constructor(options: HooksOptions) {
    const { timeoutMs = TIMEOUT_MS, resolve, random = Math.random, allowPrivate } = options
    const guard = new AddressGuard(allowPrivate)
    this.#options = options
    const requests = new GuardedRequests({
      guard,
      timeoutMs,
      maxBytes: MAX_BYTES,
      ...(resolve ? { resolve } : {}),
    })
    const onQueued = (): void => this.#notify('queued')
    this.endpoints = new Endpoints({
      store: options.store,
      secrets: options.secrets,
      now: options.now,
      guard,
      onChanged: () => this.#notify('changed'),
    })
    this.deliveries = new Deliveries({ store: options.store, now: options.now, onQueued })
    this.#follower = new Follower({
      logger: options.logger,
      wait: options.wait,
      store: options.store,
      allowance: options.allowance,
      namesOf: options.namesOf,
      now: options.now,
      onQueued: () => this.#deliverer.wake(),
    })
    this.#deliverer = new Deliverer({
      store: options.store,
      secrets: options.secrets,
      logger: options.logger,
      now: options.now,
      wait: options.wait,
      onAttempt: options.onAttempt,
      random,
      requests,
    })
    this.#purging = new BackgroundLoop({
      pass: async () => ((await this.deliveries.purge()) ? 'again' : undefined),
      everyMs: PURGE_MS,
      onError: (err) => {
        options.logger.warn({ err }, 'old deliveries to webhooks could not be removed')
      },
    })
  }

  async start(): Promise<void> {
    const { signals } = this.#options.store
    this.#ends = [
      signals.on('feed', () => this.#follower.grown()),
      signals.on('webhooks', () => this.#wake()),
      every(LOOK_MS, () => this.#follower.wake()),
    ]
    this.#purging.start()
    await this.#deliverer.start()
    this.#follower.wake()
  }

  /** Gives what is under way so many milliseconds; the rest goes on at the next start. */
  async stop(milliseconds: number): Promise<void> {
    for (const end of this.#ends.splice(0)) end()
    await this.#follower.stop()
    await this.#deliverer.stop(milliseconds)
    await this.#purging.stop()
  }

  #wake(): void {
    this.#follower.wake()
    this.#deliverer.wake()
  }

  /** Here at once, and in the other processes by their own looks should the word not reach them. */
  #notify(what: 'changed' | 'queued'): void {
    const { store, logger } = this.#options
    this.#wake()
    store.signals.send('webhooks', what).catch((err: unknown) => {
      logger.warn({ err }, 'the other processes could not be told of a change of the webhooks')
    })
  }
}
