import { ApiError, NetworkError } from '../errors.js'
import { limits } from '../wechat/index.js'
import type { Logger } from '../log.js'
import { numberOf } from './answer.js'
import { nextForce, recent } from './forced-renewal.js'
import { causeOf } from './redact.js'
import type { Release, StoredToken, TokenStore } from './token-store.js'

/** The result of fetching a token. */
export interface FetchedToken {
  readonly accessToken: string
  readonly expiresInSeconds: number
}

export interface AccessTokenOptions {
  /** Names the token in the store. */
  readonly key: string
  readonly store: TokenStore
  /** Asks WeChat for a token; `force` ends the one that a stable token's path would give otherwise. */
  readonly fetch: (force: boolean) => Promise<FetchedToken>
  /** Whether WeChat gives the same token until it ends (stable_token), or a new one each time (token). */
  readonly stable: boolean
  readonly logger: Logger
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly wait: (milliseconds: number) => Promise<void>
}

/** A token is renewed so long before its end, in the background; WeChat gives a new one from then on. */
const EARLY_MS = limits.tokenOverlapSeconds * 1000
/** With less than this left, a call waits for the renewal: it might arrive too late. */
const LAST_MS = 10_000
/** Between two early renewals that did not help. */
const EARLY_RETRY_MS = 30_000
/** A fetch that takes longer than this loses the right to it. */
const LEASE_MS = 15_000
const LEASE_POLL_MS = 50

/**
 * One Mini Program's access token: one fetch at a time in this process, and, by the store's lease, in all that
 * share the store.
 */
export class AccessToken {
  readonly #options: AccessTokenOptions
  #current: StoredToken | undefined
  #renewing: { readonly rejected: string | undefined; readonly token: Promise<string> } | undefined
  #triedEarlyAt = -Infinity
  /** A refused token that WeChat, asked without force, gave again, and when. */
  #givenAgain: { readonly token: string; readonly at: number } | undefined

  constructor(options: AccessTokenOptions) {
    this.#options = options
  }

  /** A token that should work. Throws ApiError or NetworkError when there is none to be had. */
  async get(): Promise<string> {
    const now = this.#options.now()
    const left = this.#current ? this.#current.expiresAt - now : 0
    if (!this.#current || left <= LAST_MS) return this.#renew(undefined)
    if (left <= EARLY_MS && now - this.#triedEarlyAt >= EARLY_RETRY_MS) {
      this.#triedEarlyAt = now
      this.#renew(undefined).catch((error: unknown) => {
        this.#warn(error, 'early renewal of the access token failed')
      })
    }
    return this.#current.accessToken
  }

  /**
   * A token for a call that WeChat refused with `rejected`: whatever replaced it, else a new one. The same again
   * when there is no other to be had for now.
   */
  async replace(rejected: string): Promise<string> {
    if (this.#current && this.#current.accessToken !== rejected) return this.#current.accessToken
    while (this.#renewing && this.#renewing.rejected !== rejected) {
      // This renewal knows nothing of the refusal, and may bring the refused token again.
      const token = await this.#renewing.token
      if (token !== rejected) return token
    }
    return this.#renew(rejected)
  }

  #renew(rejected: string | undefined): Promise<string> {
    this.#renewing ??= {
      rejected,
      token: this.#underLease(rejected).finally(() => {
        this.#renewing = undefined
      }),
    }
    return this.#renewing.token
  }

  async #underLease(rejected: string | undefined): Promise<string> {
    const { key, now, wait } = this.#options
    const giveUpAt = now() + LEASE_MS * 2
    for (;;) {
      const shared = this.#adopt(await this.#stored(), rejected)
      if (shared !== undefined) return shared
      const release = await this.#use((store) => store.lease(key, LEASE_MS))
      if (release) return this.#holding(release, rejected)
      if (now() > giveUpAt)
        throw new NetworkError(
          'Another process has been renewing the access token for too long. Nothing was sent.',
          { accepted: 'no', path: 'access token' },
        )
      await wait(LEASE_POLL_MS)
    }
  }

  async #holding(release: Release, rejected: string | undefined): Promise<string> {
    const since = this.#options.now()
    try {
      // Whoever held the lease before may have renewed between our look and our turn.
      const stored = await this.#stored()
      const shared = this.#adopt(stored, rejected)
      if (shared !== undefined) return shared
      const token = await this.#fetch(stored, rejected)
      if (this.#options.now() - since >= LEASE_MS) {
        // Our lease has lapsed: another may have fetched since, and ended ours.
        const newer = this.#adopt(await this.#stored(), rejected)
        if (newer !== undefined) return newer
      }
      await this.#keep(token)
      return token.accessToken
    } finally {
      await this.#use(release).catch((error: unknown) => {
        this.#warn(error, 'the lease on the access token could not be given back; it lapses by itself')
      })
    }
  }

  /** Takes what the store has, if it is of use. */
  #adopt(stored: StoredToken | undefined, rejected: string | undefined): string | undefined {
    if (!stored || stored.accessToken === rejected) return undefined
    const left = stored.expiresAt - this.#options.now()
    // Our own token that needs renewal is no news; another's is better than waiting.
    if (left <= (stored.accessToken === this.#current?.accessToken ? EARLY_MS : LAST_MS)) return undefined
    this.#current = stored
    return stored.accessToken
  }

  async #fetch(stored: StoredToken | undefined, rejected: string | undefined): Promise<StoredToken> {
    const { fetch, now, stable } = this.#options
    const forcedAt = recent([...(stored?.forcedAt ?? []), ...(this.#current?.forcedAt ?? [])], now())
    if (rejected === undefined) return this.#made(await fetch(false), forcedAt)

    // Ending a token that works for others is rationed by WeChat, so it is done ever less often.
    const mayForce = now() >= nextForce(forcedAt, stable)
    let refused = [stored, this.#current].find((token) => token?.accessToken === rejected)
    if (refused && !mayForce && (!stable || this.#wasGivenAgain(rejected))) return refused
    if (stable || !refused) {
      // Somebody else may have ended it: then the one that works comes without force.
      refused = this.#made(await fetch(false), forcedAt)
      if (refused.accessToken !== rejected) return refused
      this.#givenAgain = { token: rejected, at: now() }
      if (!mayForce) return refused
    }
    // Counted before it is tried: WeChat counts it also when its answer gets lost.
    const counted = [...forcedAt, now()]
    await this.#keep({ ...refused, forcedAt: counted })
    return this.#made(await fetch(stable), counted)
  }

  /** WeChat lets a stable token be ended every 30 s at most, so there is no point in asking more often. */
  #wasGivenAgain(token: string): boolean {
    const { token: known, at } = this.#givenAgain ?? { token: undefined, at: 0 }
    return known === token && Math.abs(this.#options.now() - at) < limits.tokenForceIntervalSeconds * 1000
  }

  #made(fetched: FetchedToken, forcedAt: readonly number[]): StoredToken {
    const { accessToken, expiresInSeconds } = fetched
    return { accessToken, expiresAt: this.#options.now() + expiresInSeconds * 1000, forcedAt }
  }

  /** A token that the store does not take is good all the same, for this process. */
  async #keep(token: StoredToken): Promise<void> {
    this.#current = token
    const { key } = this.#options
    await this.#use((store) => store.set(key, token), [token.accessToken]).catch((error: unknown) => {
      this.#warn(error, 'the access token could not be stored')
    })
  }

  #stored(): Promise<StoredToken | undefined> {
    return this.#use((store) => store.get(this.#options.key))
  }

  async #use<T>(act: (store: TokenStore) => Promise<T>, secrets?: readonly string[]): Promise<T> {
    try {
      return await act(this.#options.store)
    } catch (error) {
      const cause = causeOf(error, secrets)
      throw new NetworkError(
        `The store of the access token failed (${cause.message || cause.name}). Nothing was sent. Check that it can be reached and written to.`,
        { accepted: 'no', path: 'access token', cause },
      )
    }
  }

  #warn(error: unknown, message: string): void {
    this.#options.logger.warn({ err: error, key: this.#options.key }, message)
  }
}

/** Reads the answer of either token path. Throws ApiError when there is no token in it. */
export function readToken(answer: Readonly<Record<string, unknown>>, path: string): FetchedToken {
  const { access_token: accessToken, expires_in: expiresIn } = answer
  const expiresInSeconds = numberOf(expiresIn)
  if (typeof accessToken === 'string' && accessToken !== '' && expiresInSeconds > 0)
    return { accessToken, expiresInSeconds }
  throw new ApiError({
    errcode: NaN,
    errmsg: 'no access_token in the answer',
    rid: undefined,
    path,
    reason: 'unknown',
    explanation: 'Check that the API’s url is WeChat’s.',
  })
}
