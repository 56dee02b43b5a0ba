/** An access token as it is kept, for one Mini Program. Times are milliseconds since 1970. */
export interface StoredToken {
  readonly accessToken: string
  readonly expiresAt: number
  /** When renewals were forced lately: WeChat counts them. */
  readonly forcedAt: readonly number[]
}

/** Gives a lease back; harmless when it has lapsed and another has it. */
export type Release = () => Promise<void>

/**
 * Where access tokens are kept, so that processes share one: each token fetched by one of them can end
 * another's. `key` names the Mini Program and the kind of token.
 */
export interface TokenStore {
  get(key: string): Promise<StoredToken | undefined>
  set(key: string, token: StoredToken): Promise<void>
  /** Takes the right to renew for `leaseMs`; undefined while another has it. A holder that dies loses it by time. */
  lease(key: string, leaseMs: number): Promise<Release | undefined>
}

/** Keeps tokens in this process. */
export function memoryTokenStore(): TokenStore {
  const tokens = new Map<string, StoredToken>()
  const leased = new Set<string>()
  return {
    get: async (key) => tokens.get(key),
    set: async (key, token) => {
      tokens.set(key, token)
    },
    // No time limit: a holder in this process cannot die alone.
    lease: async (key) => {
      if (leased.has(key)) return undefined
      leased.add(key)
      return async () => {
        leased.delete(key)
      }
    },
  }
}

/** Reads what a store keeps as text; anything else than a token counts as none. */
export function parseStoredToken(text: string): StoredToken | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { accessToken, expiresAt, forcedAt } = value as Partial<Record<keyof StoredToken, unknown>>
  if (typeof accessToken !== 'string' || typeof expiresAt !== 'number') return undefined
  return {
    accessToken,
    expiresAt,
    forcedAt: Array.isArray(forcedAt) ? forcedAt.filter((at) => typeof at === 'number') : [],
  }
}
