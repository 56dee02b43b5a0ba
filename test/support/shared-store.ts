import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { fileTokenStore, redisTokenStore, type TokenStore } from '../../src/api/index.js'
import { ownPrefix, redisUrl, removeKeys } from './redis.js'
import type { WorkerSettings } from './token-worker.js'

/** A token store that several processes can share, and what a test does to it from below. */
export interface SharedStore {
  /** As one more process would open it. */
  open(): TokenStore
  readonly settings: WorkerSettings['store']
  /** Puts this text where the key's token is kept. */
  spoil(key: string, text: string): Promise<void>
  /** Lets the key's lease lapse without waiting for it. */
  lapse(key: string, leaseMs: number): Promise<void>
  /** Forgets all. */
  clear(): Promise<void>
  remove(): Promise<void>
}

export async function sharedFileStore(): Promise<SharedStore> {
  const directory = await mkdtemp(join(tmpdir(), 'kefu-token-'))
  let ahead = 0
  return {
    open: () => fileTokenStore(directory, () => Date.now() + ahead),
    settings: { kind: 'file', directory },
    spoil: (key, text) => writeFile(join(directory, `${encodeURIComponent(key)}.json`), text),
    lapse: async (_key, leaseMs) => {
      ahead += leaseMs
    },
    clear: () => rm(directory, { recursive: true, force: true }),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

export async function sharedRedisStore(redis: Redis): Promise<SharedStore> {
  const prefix = ownPrefix()
  return {
    open: () => redisTokenStore(redis, prefix),
    settings: { kind: 'redis', url: redisUrl, prefix },
    spoil: async (key, text) => {
      await redis.set(prefix + key, text)
    },
    lapse: async (key, leaseMs) => {
      const left = await redis.pttl(`${prefix}${key}:lease`)
      if (left > leaseMs || left < 0)
        throw new Error(`The lease would lapse in ${left} ms, not in ${leaseMs}.`)
      await redis.del(`${prefix}${key}:lease`)
    },
    clear: () => removeKeys(redis, prefix),
    remove: () => removeKeys(redis, prefix),
  }
}
