import { setMaxListeners } from 'node:events'
import type { Logger } from '../log.js'
import {
  encodeFields,
  encodePlaintext,
  failureLine,
  limits,
  type Answer,
  type EncodedPush,
  type Fields,
  type Format,
} from '../wechat/index.js'
import { pushAgent } from './exchange.js'
import type { Faults } from './faults.js'
import type { OfficialSessions } from './official-session.js'
import type { EmulatedApp } from './app.js'
import type { Platform } from './platform.js'
import type { Delivery } from './protocol.js'
import type { QuirkSwitches } from './quirks.js'
import { makeAttempt, type AttemptTarget } from './push-attempt.js'
import type { Recorder } from './recorder.js'
import type { User } from './user.js'

export interface PushOptions {
  /** For the eye: `text`, `user_enter_tempsession`, … */
  readonly kind: string
  /** The phone's message, or null where it shows none. */
  readonly messageId: string | null
  /** Whether it may be answered with `transfer`, as an event may not. */
  readonly isMessage: boolean
  /** Whether the customer sees WeChat's failure line when nothing answers. */
  readonly showsFailure: boolean
}

/** A push under way. */
export interface PushUnderWay {
  /** Grows with each attempt. */
  readonly delivery: Delivery
  /** Resolves when all attempts have been made. */
  readonly finished: Promise<Delivery>
}

interface PusherParts {
  platform: Platform
  recorder: Recorder
  faults: Faults
  official: OfficialSessions
  timeoutMs: number
  retryDelayMs: number
  quirks: Pick<QuirkSwitches, 'mannerOf'>
  logger: Logger
}

interface Written {
  readonly push: EncodedPush
  readonly plaintext: string
  readonly format: Format
}

/** How a push is delivered. */
interface Way {
  readonly target: AttemptTarget
  /** Attempts side by side in the first round. */
  readonly atOnce: number
  readonly options: PushOptions
  /** Gives it up. */
  readonly signal: AbortSignal
}

interface Job {
  delivery: Delivery
  run: () => Promise<void>
}

/**
 * Pushes to the apps' URLs as WeChat does: signed and encrypted, five seconds, three attempts with the same
 * body. One customer's pushes follow each other, those of different customers run side by side.
 */
export class Pusher {
  readonly #parts: PusherParts
  readonly #agent = pushAgent()
  /** Each customer's last push, behind which the next one waits. */
  readonly #tails = new Map<User, Promise<void>>()
  /** Pushes that a reorder fault keeps back. */
  readonly #held = new Map<User, Job>()
  /** What gives up the pushes that an app has under way. */
  readonly #cancels = new Map<EmulatedApp, AbortController>()

  constructor(parts: PusherParts) {
    this.#parts = parts
  }

  push(user: User, fields: Fields, options: PushOptions): PushUnderWay {
    const { format, pushSecrets } = user.app
    const how = { ...this.#chance(user), format, manner: this.#parts.quirks.mannerOf(format) }
    const plaintext = encodeFields(fields, { ...pushSecrets, mode: 'plain' }, how).body
    return this.#begin(user, { push: encodeFields(fields, pushSecrets, how), plaintext, format }, options)
  }

  /** Pushes a plaintext as it is. */
  pushRaw(user: User, plaintext: string, format: Format, options: PushOptions): PushUnderWay {
    const { originalId, pushSecrets } = user.app
    const head = { openId: user.openId, toUserName: originalId }
    return this.#begin(
      user,
      {
        push: encodePlaintext(plaintext, head, pushSecrets, { ...this.#chance(user), format }),
        plaintext,
        format,
      },
      options,
    )
  }

  /** What WeChat makes up for a push, and its time. */
  #chance(user: User): { timestamp: number; nonce: string; random: Uint8Array } {
    const { random, clock } = this.#parts.platform
    const purpose = `push ${user.app.appId} ${user.openId}`
    return {
      timestamp: Math.floor(clock.signedNow() / 1000),
      nonce: String(random.int(purpose, 0, 2 ** 31)),
      random: random.bytes(purpose, 16),
    }
  }

  #begin(user: User, written: Written, options: PushOptions): PushUnderWay {
    const { app } = user
    const { signal } = this.#cancelOf(app)
    const target = this.#target(user, written, options)
    const delivery = this.#parts.recorder.addDelivery({
      appId: app.appId,
      openId: user.openId,
      messageId: options.messageId,
      kind: options.kind,
      format: written.format,
      mode: app.mode,
      plaintext: written.plaintext,
      attempts: [],
      state: 'pending',
      answer: null,
    })
    const finished = new Promise<Delivery>((resolve) => {
      const fault = this.#parts.faults.takeForPush(user.openId, !this.#held.has(user), app.appId)
      const run = async (): Promise<void> => {
        const atOnce = fault === 'duplicate' ? 2 : 1
        await this.#deliver(user, delivery, { target, atOnce, options, signal })
        resolve(delivery)
      }
      if (fault === 'reorder') this.#hold(user, { delivery, run })
      else this.#enqueue(user, run)
    })
    return { delivery, finished }
  }

  /** Makes the pushes that are kept back. */
  release(): void {
    for (const user of [...this.#held.keys()]) this.#releaseOf(user)
  }

  /** Gives up every push that is under way, or those of one app. Those that begin meanwhile go on. */
  async cancel(only?: EmulatedApp): Promise<void> {
    const isMeant = (app: EmulatedApp): boolean => only === undefined || app === only
    for (const [app, cancel] of this.#cancels)
      if (isMeant(app)) {
        cancel.abort()
        this.#cancels.delete(app)
      }
    for (const user of [...this.#held.keys()]) if (isMeant(user.app)) this.#releaseOf(user)
    await Promise.all([...this.#tails].flatMap(([user, tail]) => (isMeant(user.app) ? [tail] : [])))
  }

  async close(): Promise<void> {
    await this.cancel()
    await this.#agent.destroy()
  }

  #cancelOf(app: EmulatedApp): AbortController {
    let cancel = this.#cancels.get(app)
    if (!cancel) {
      cancel = new AbortController()
      // Every push under way listens: any number of them.
      setMaxListeners(0, cancel.signal)
      this.#cancels.set(app, cancel)
    }
    return cancel
  }

  #target(user: User, { push, format }: Written, options: PushOptions): AttemptTarget {
    const { app } = user
    return {
      pushUrl: app.pushUrl,
      push: { ...push, contentType: app.contentType ?? push.contentType },
      format,
      secrets: app.pushSecrets,
      openId: options.isMessage ? user.openId : undefined,
      originalId: app.originalId,
    }
  }

  #hold(user: User, job: Job): void {
    this.#held.set(user, job)
    job.delivery.state = 'held'
    this.#parts.recorder.changed(job.delivery)
  }

  #releaseOf(user: User): void {
    const job = this.#held.get(user)
    if (!job) return
    this.#held.delete(user)
    job.delivery.state = 'pending'
    this.#enqueue(user, job.run)
  }

  #enqueue(user: User, run: () => Promise<void>): void {
    const tail = (this.#tails.get(user) ?? Promise.resolve()).then(run).then(() => {
      if (this.#tails.get(user) === tail) this.#tails.delete(user)
    })
    this.#tails.set(user, tail)
    // The one kept back follows the push that overtook it.
    this.#releaseOf(user)
  }

  async #deliver(user: User, delivery: Delivery, { target, atOnce, options, signal }: Way): Promise<void> {
    const { recorder, timeoutMs, retryDelayMs, platform } = this.#parts
    const now = (): number => platform.clock.signedNow()
    const attempt = async (number: number): Promise<Answer | null> => {
      const result = await makeAttempt(number, target, { agent: this.#agent, timeoutMs, signal, now })
      delivery.attempts.push(result.attempt)
      delivery.attempts.sort((a, b) => a.number - b.number)
      recorder.changed(delivery)
      return result.answer
    }
    let answer: Answer | null = null
    let made = 0
    while (made < limits.pushAttempts && answer === null && !signal.aborted) {
      if (made > 0 && retryDelayMs > 0) await delay(retryDelayMs, signal)
      const round = Array.from({ length: made === 0 ? atOnce : 1 }, () => attempt(++made))
      answer = (await Promise.all(round)).find((result) => result !== null) ?? null
    }
    delivery.answer = answer
    delivery.state = answer === null ? 'failed' : 'answered'
    recorder.changed(delivery)
    if (!signal.aborted) this.#show(user, delivery, options)
  }

  #show(user: User, delivery: Delivery, options: PushOptions): void {
    const { platform, official, logger } = this.#parts
    if (delivery.answer === 'transfer') official.start(user)
    if (delivery.state !== 'failed') return
    const problem = delivery.attempts.at(-1)?.problem
    logger.warn({ appId: delivery.appId, kind: delivery.kind, problem }, 'A push was not answered')
    if (options.showsFailure)
      platform.show(user, 'system', { msgType: 'system', kind: 'failure', content: failureLine })
  }
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
