import { ApiError, NetworkError } from '../errors.js'
import { limits } from '../wechat/index.js'
import type { Logger } from '../log.js'
import type { Release, StoredToken, TokenStore } from './token-store.js'

/** What one fetch of a token gave. */
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
const DAY_MS = 24 * 60 * 60 * 1000

/**
 * One Mini Program's access token: one fetch at a time in this process, and, by the store's lease, in all that
 * share the store.
 */
export class AccessToken {
  readonly #options: AccessTokenOptions
  #current: StoredToken | undefined
  #renewing: Promise<string> | undefined
  #triedEarlyAt = -Infinity

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
        this.#options.logger.warn(
          { error, key: this.#options.key },
          'early renewal of the access token failed',
        )
      })
    }
    return this.#current.accessToken
  }

  /** A token for a call that WeChat refused with `rejected`: whatever replaced it, else a new one. */
  async replace(rejected: string): Promise<string> {
    if (this.#current && this.#current.accessToken !== rejected) return this.#current.accessToken
    return this.#renew(rejected)
  }

  #renew(rejected: string | undefined): Promise<string> {
    this.#renewing ??= this.#underLease(rejected).finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  async #underLease(rejected: string | undefined): Promise<string> {
    const { key, store, now, wait } = this.#options
    const giveUpAt = now() + LEASE_MS * 2
    for (;;) {
      const shared = this.#adopt(await store.get(key), rejected)
      if (shared !== undefined) return shared
      const release = await store.lease(key, LEASE_MS)
      if (release) return this.#holding(release, rejected)
      if (now() > giveUpAt)
        throw new NetworkError(
          'Another process has been renewing the access token for too long. Nothing was sent.',
          {
            accepted: 'no',
            path: 'access token',
          },
        )
      await wait(LEASE_POLL_MS)
    }
  }

  async #holding(release: Release, rejected: string | undefined): Promise<string> {
    const { key, store } = this.#options
    try {
      // Whoever held the lease before may have renewed between our look and our turn.
      const stored = await store.get(key)
      const shared = this.#adopt(stored, rejected)
      if (shared !== undefined) return shared
      this.#current = await this.#fetch(stored, rejected)
      await store.set(key, this.#current)
      return this.#current.accessToken
    } finally {
      await release()
    }
  }

  /** Takes what the store has, if it is of use. */
  #adopt(stored: StoredToken | undefined, rejected: string | undefined): string | undefined {
    if (!stored || stored.accessToken === rejected) return undefined
    const left = stored.expiresAt - this.#options.now()
    // What is here already and needs renewal is no news; another's token is better than waiting.
    if (left <= (stored.accessToken === this.#current?.accessToken ? EARLY_MS : LAST_MS)) return undefined
    this.#current = stored
    return stored.accessToken
  }

  async #fetch(stored: StoredToken | undefined, rejected: string | undefined): Promise<StoredToken> {
    const { fetch, now, stable } = this.#options
    const forcedAt = (stored?.forcedAt ?? []).filter((at) => now() - at < DAY_MS)
    // Ending a token that works for others is rationed by WeChat, so it is done ever less often.
    const mayForce = now() >= nextForce(forcedAt, stable)
    if (stable) {
      const fetched = await fetch(false)
      if (fetched.accessToken !== rejected || !mayForce) return this.#made(fetched, forcedAt)
      return this.#made(await fetch(true), [...forcedAt, now()])
    }
    if (rejected === undefined) return this.#made(await fetch(false), forcedAt)
    if (!mayForce && stored) return stored
    return this.#made(await fetch(false), [...forcedAt, now()])
  }

  #made(fetched: FetchedToken, forcedAt: readonly number[]): StoredToken {
    const { accessToken, expiresInSeconds } = fetched
    return { accessToken, expiresAt: this.#options.now() + expiresInSeconds * 1000, forcedAt }
  }
}

/**
 * 30 s after the last forced renewal, and twice as long with each one of the last day. The stable token allows
 * 20 of them a day, so two hours at most; the classic one 2000, so two minutes.
 */
function nextForce(forcedAt: readonly number[], stable: boolean): number {
  const last = forcedAt[forcedAt.length - 1]
  if (last === undefined) return -Infinity
  const spacing = limits.tokenForceIntervalSeconds * 2 ** (forcedAt.length - 1)
  return last + Math.min(spacing, stable ? limits.tokenSeconds : 120) * 1000
}

/** Reads the answer of either token path. Throws ApiError when there is no token in it. */
export function readToken(answer: Readonly<Record<string, unknown>>, path: string): FetchedToken {
  const { access_token: accessToken, expires_in: expiresIn } = answer
  if (typeof accessToken === 'string' && accessToken !== '' && typeof expiresIn === 'number' && expiresIn > 0)
    return { accessToken, expiresInSeconds: expiresIn }
  throw new ApiError({
    errcode: NaN,
    errmsg: 'no access_token in the answer',
    rid: undefined,
    path,
    reason: 'unknown',
    explanation: 'Check that the API’s url is WeChat’s.',
  })
}
