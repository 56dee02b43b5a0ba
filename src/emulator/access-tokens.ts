import { limits } from '../wechat/index.js'
import { Randomness } from './random.js'
import { Refusal } from './refusal.js'

export interface IssuedToken {
  accessToken: string
  /** Seconds it still works. */
  expiresIn: number
}

interface Token {
  readonly value: string
  expiresAt: number
  /** When a newer one puts an end to it. */
  replacedAt: number
}

const lifeMs = limits.tokenSeconds * 1000
const overlapMs = limits.tokenOverlapSeconds * 1000
const dayMs = 24 * 3600 * 1000
/** WeChat's day begins at midnight in Shanghai. */
const shanghaiMs = 8 * 3600 * 1000
/** Old tokens are kept for a while, so that they can be told from ones that never were. */
const keptMs = dayMs

/** One app's access tokens, classic and stable, which know nothing of each other. */
export class AccessTokens {
  readonly #issued = new Map<string, Token>()
  readonly #random: Randomness
  readonly #appId: string
  #classic: Token | undefined
  #beforeClassic: Token | undefined
  #stable: Token | undefined
  #forcedAt = -Infinity
  #forcedDay = -1
  #forcedToday = 0

  constructor(random = new Randomness(), appId = '') {
    this.#random = random
    this.#appId = appId
  }

  /**
   * GET /cgi-bin/token: each call gives a new token, and the one before works five minutes more.
   * Source: /miniprogram/dev/server/API/mp-access-token/api_getaccesstoken
   */
  classic(now: number): IssuedToken {
    // Only the latest and the one before it work, so that services that refresh in parallel are found out.
    replace(this.#beforeClassic, now)
    replace(this.#classic, now + overlapMs)
    this.#beforeClassic = this.#classic
    this.#classic = this.#issue(now)
    return view(this.#classic, now)
  }

  /**
   * POST /cgi-bin/stable_token: the same token until five minutes before it expires. Forced, a new one at once,
   * which puts an end to the one before.
   * Source: /miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken
   */
  stable(now: number, force: boolean): IssuedToken {
    const current = this.#stable
    if (force) {
      this.#countForced(now)
      replace(current, now)
    } else if (current && now < current.expiresAt - overlapMs) return view(current, now)
    this.#stable = this.#issue(now)
    return view(this.#stable, now)
  }

  /** Whether it works: 0, or the errcode, or undefined when it is none of this app's. */
  check(accessToken: string, now: number): 0 | 40001 | 42001 | undefined {
    const token = this.#issued.get(accessToken)
    if (!token) return undefined
    if (token.replacedAt <= now) return 40001
    return token.expiresAt <= now ? 42001 : 0
  }

  /** Whether it is, or was, one of this app's. */
  knows(accessToken: string): boolean {
    return this.#issued.has(accessToken)
  }

  /** When the emulator's clock goes back, what is left of each token stays the same. */
  shift(ms: number): void {
    for (const token of this.#issued.values()) {
      token.expiresAt -= ms
      token.replacedAt -= ms
    }
    this.#forcedAt -= ms
  }

  #countForced(now: number): void {
    if (now - this.#forcedAt < limits.tokenForceIntervalSeconds * 1000) throw new Refusal(45011)
    const day = Math.floor((now + shanghaiMs) / dayMs)
    if (day !== this.#forcedDay) this.#forcedToday = 0
    if (this.#forcedToday >= limits.tokenForcePerDay) throw new Refusal(45009)
    this.#forcedDay = day
    this.#forcedToday += 1
    this.#forcedAt = now
  }

  #issue(now: number): Token {
    for (const [value, token] of this.#issued)
      if (Math.min(token.expiresAt, token.replacedAt) < now - keptMs) this.#issued.delete(value)
    const token = { value: this.#makeToken(), expiresAt: now + lifeMs, replacedAt: Infinity }
    this.#issued.set(token.value, token)
    return token
  }

  #makeToken(): string {
    const purpose = `token ${this.#appId}`
    const number = this.#random.int(purpose, 80, 100)
    return `${number}_${this.#random.bytes(purpose, 100).toString('base64url')}`
  }
}

/** Whether a string could be an access token at all. */
export function looksLikeToken(value: string): boolean {
  return /^\d{2,3}_[\w-]{100,509}$/.test(value)
}

function replace(token: Token | undefined, at: number): void {
  if (token) token.replacedAt = Math.min(token.replacedAt, at)
}

function view(token: Token, now: number): IssuedToken {
  return { accessToken: token.value, expiresIn: Math.floor((token.expiresAt - now) / 1000) }
}
