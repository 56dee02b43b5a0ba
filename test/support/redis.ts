import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'

/** Where tests find Redis: REDIS_URL, or this machine's. */
export const redisUrl = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379'

/**
 * A connection to a real Redis; undefined in a project that does without servers, and, with a word on how to get
 * one, where there is none. In CI its absence is an error: what is skipped there is never seen again.
 */
export async function connectRedis(): Promise<Redis | undefined> {
  if (process.env['KEFU_TEST_STORES'] === 'local') return undefined
  const redis = new Redis(redisUrl, { lazyConnect: true, connectTimeout: 2000, retryStrategy: () => null })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return redis
  } catch {
    redis.disconnect()
    const message =
      'No Redis at REDIS_URL (redis://127.0.0.1:6379 when not set), so what needs one is not tested. ' +
      'To have one: docker run --rm -p 6379:6379 redis, or apt-get install redis-server.'
    if (!['', 'false'].includes(process.env['CI'] ?? '')) throw new Error(message)
    console.warn(message)
    return undefined
  }
}

/** A prefix for this run's keys alone. */
export function ownPrefix(): string {
  return `kefu-test:${randomUUID()}:`
}

export async function removeKeys(redis: Redis, prefix: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: `${prefix}*` }) as AsyncIterable<string[]>)
    if (keys.length > 0) await redis.del(...keys)
}
