import { randomUUID } from 'node:crypto'
import { parseStoredToken, type TokenStore } from './token-store.js'

/** The four commands that are needed of a Redis client; an ioredis instance fits. */
export interface RedisClient {
  get(key: string): Promise<string | null>
  set(key: string, value: string, px: 'PX', milliseconds: number, nx?: 'NX'): Promise<unknown>
  eval(script: string, keys: number, ...args: string[]): Promise<unknown>
}

/** How long a token is kept after it expired: its record of forced renewals counts for a day. */
const KEPT_MS = 24 * 60 * 60 * 1000

// Deletes the lease only while it is still ours: it may have lapsed and be another's by now.
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`

/** Keeps tokens in Redis, for processes on several machines: `redisTokenStore(new Redis())`. */
export function redisTokenStore(redis: RedisClient, prefix = 'kefu:access-token:'): TokenStore {
  return {
    async get(key) {
      const text = await redis.get(prefix + key)
      return text === null ? undefined : parseStoredToken(text)
    },
    async set(key, token) {
      const life = Math.max(token.expiresAt - Date.now(), 0) + KEPT_MS
      await redis.set(prefix + key, JSON.stringify(token), 'PX', Math.ceil(life))
    },
    async lease(key, leaseMs) {
      const name = `${prefix}${key}:lease`
      const mine = randomUUID()
      if ((await redis.set(name, mine, 'PX', leaseMs, 'NX')) !== 'OK') return undefined
      return async () => {
        await redis.eval(RELEASE, 1, name, mine)
      }
    },
  }
}
