import { EmulatedApp } from './app.js'
import { EmulatorClock } from './clock.js'
import { EventBus } from './event-bus.js'
import { MediaLibrary } from './media-library.js'
import type { AppInput, PhoneContent, PhoneMessage } from './protocol.js'
import { Randomness } from './random.js'
import type { User } from './user.js'

export interface PlatformOptions {
  /** The same ids, tokens and nonces in each run. */
  readonly seed?: string | undefined
  /** Milliseconds since 1970 at which the clock stands still. */
  readonly fixedAt?: number | undefined
  /** The path before `/_emulator`. */
  readonly prefix?: string
  /** Bytes of all pictures together. */
  readonly maxMediaBytes?: number | undefined
}

/** WeChat's state: its apps, their customers, the pictures and the time. */
export class Platform {
  readonly random: Randomness
  readonly clock: EmulatorClock
  readonly bus = new EventBus()
  readonly media: MediaLibrary
  readonly #apps = new Map<string, EmulatedApp>()
  #messageSequence = 0
  #lastMsgId: bigint

  constructor({ seed, fixedAt, prefix = '', maxMediaBytes }: PlatformOptions = {}) {
    this.random = new Randomness(seed)
    this.clock = new EmulatorClock({ fixedAt })
    this.media = new MediaLibrary({
      random: this.random,
      prefix,
      ...(maxMediaBytes === undefined ? {} : { maxTotalBytes: maxMediaBytes }),
    })
    // Beyond 2^53, as WeChat's are, and growing from one start of the emulator to the next unless a seed says where.
    const began = this.random.isSeeded ? this.random.int('message', 2 ** 40, 2 ** 41) : Date.now()
    this.#lastMsgId = BigInt(began) * 15_000n
  }

  get apps(): readonly EmulatedApp[] {
    return [...this.#apps.values()]
  }

  app(appId: string): EmulatedApp | undefined {
    return this.#apps.get(appId)
  }

  addApp(input: AppInput): EmulatedApp {
    let app = this.#apps.get(input.appId)
    if (app) app.configure(input)
    else {
      app = new EmulatedApp(input, this.random)
      this.#apps.set(input.appId, app)
    }
    this.bus.emit({ type: 'app', app: app.view() })
    return app
  }

  /** Forgets an app, its customers, tokens and pictures; false when there is none. */
  removeApp(appId: string): boolean {
    const app = this.#apps.get(appId)
    if (!app) return false
    this.#apps.delete(appId)
    this.forgetOf(app)
    return true
  }

  /** Forgets an app's customers, quota and pictures; its settings and tokens stay. */
  forgetOf(app: EmulatedApp): void {
    app.forgetUsers()
    app.forgetQuota()
    this.media.forget(app.appId)
  }

  /** A message's id: neighbours differ by one, so that whoever rounds them to 2^53 is found out. */
  nextMsgId(): string {
    this.#lastMsgId += 1n
    return String(this.#lastMsgId)
  }

  /** An OpenID in WeChat's form, for a customer who has none yet. */
  newOpenId(appId: string): string {
    return `o${this.random.bytes(`openid ${appId}`, 21).toString('base64url').slice(0, 27)}`
  }

  /** Puts a message on the customer's phone. */
  show(user: User, from: PhoneMessage['from'], content: PhoneContent, isAiMsg = false): PhoneMessage {
    const sequence = ++this.#messageSequence
    const message: PhoneMessage = {
      id: `message-${sequence}`,
      sequence,
      appId: user.app.appId,
      openId: user.openId,
      from,
      at: this.clock.now(),
      content,
      ...(isAiMsg ? { isAiMsg } : {}),
    }
    user.addMessage(message)
    this.bus.emit({ type: 'message', message })
    return message
  }

  /** Tells whoever listens what has become of a customer's allowance, typing and official session. */
  changed(user: User): void {
    this.bus.emit({ type: 'user', user: user.view(this.clock.now()) })
  }

  /** Forgets customers and goes back to real time. Apps, their tokens and the pictures stay, no older than before. */
  reset(): void {
    const ms = this.clock.reset()
    this.media.shift(ms)
    for (const app of this.apps) {
      app.tokens.shift(ms)
      app.forgetUsers()
    }
  }
}
