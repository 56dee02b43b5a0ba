import { createHash } from 'node:crypto'
import type { Format, Mode, PushSecrets } from '../wechat/index.js'
import { AccessTokens } from './access-tokens.js'
import type { AppInput, AppView } from './protocol.js'
import type { Randomness } from './random.js'
import { Quota } from './quota.js'
import { User } from './user.js'

/** A Mini Program as WeChat knows it: its settings, tokens, quota and customers. */
export class EmulatedApp {
  readonly tokens: AccessTokens
  quota = new Quota()
  /** Grows when its customers are forgotten: a call that began before belongs to nobody any more. */
  epoch = 0
  readonly #users = new Map<string, User>()
  #settings: AppInput

  constructor(settings: AppInput, random: Randomness) {
    this.#settings = settings
    this.tokens = new AccessTokens(random, settings.appId)
  }

  /** New settings for the same app, as when they are saved again at mp.weixin.qq.com. */
  configure(settings: AppInput): void {
    this.#settings = settings
  }

  get appId(): string {
    return this.#settings.appId
  }

  get appSecret(): string {
    return this.#settings.appSecret
  }

  get mode(): Mode {
    return this.#settings.mode ?? 'secure'
  }

  get format(): Format {
    return this.#settings.format ?? 'json'
  }

  get pushUrl(): string {
    return this.#settings.pushUrl
  }

  get originalId(): string {
    const hash = createHash('sha1').update(this.appId).digest('hex').slice(0, 12)
    return this.#settings.originalId ?? `gh_${hash}`
  }

  /** The Content-Type that its pushes carry when it should differ from their format. */
  get contentType(): string | undefined {
    return this.#settings.contentType
  }

  get pushSecrets(): PushSecrets {
    const { appId, token, encodingAESKey } = this.#settings
    return { appId, token, encodingAESKey, mode: this.mode }
  }

  get users(): Iterable<User> {
    return this.#users.values()
  }

  user(openId: string): User {
    let user = this.#users.get(openId)
    if (!user) {
      user = new User(this, openId)
      this.#users.set(openId, user)
    }
    return user
  }

  /** The customer with this OpenID, if they ever entered or wrote. */
  knownUser(openId: string): User | undefined {
    const user = this.#users.get(openId)
    return user?.known ? user : undefined
  }

  forgetUsers(): void {
    this.#users.clear()
    this.epoch += 1
  }

  forgetQuota(): void {
    this.quota = new Quota()
  }

  view(): AppView {
    return {
      appId: this.appId,
      name: this.#settings.name ?? this.appId,
      originalId: this.originalId,
      mode: this.mode,
      format: this.format,
      pushUrl: this.pushUrl,
    }
  }
}
