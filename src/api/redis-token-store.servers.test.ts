import { inspect } from 'node:util'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { emulatedWechat, rejection, type EmulatedWechat } from '../../test/support/emulated-wechat.js'
import { RecordingLogger } from '../../test/support/recording-logger.js'
import { connectRedis, ownPrefix, removeKeys } from '../../test/support/redis.js'
import { redisTokenStore } from './redis-token-store.js'

const redis = await connectRedis()
const prefix = ownPrefix()
let wechat: EmulatedWechat
beforeEach(async () => {
  wechat = await emulatedWechat()
})
afterEach(() => wechat.close())
afterAll(async () => {
  if (!redis) return
  await removeKeys(redis, prefix)
  redis.disconnect()
})

const hour = 3600_000
const token = { accessToken: 'T', expiresAt: 0, forcedAt: [] }

describe.skipIf(!redis)('with Redis', () => {
  const store = redis ? redisTokenStore(redis, prefix) : undefined

  test('a token is let go a day after it ended', async () => {
    await store?.set('short', { ...token, expiresAt: Date.now() + 60_000 })
    const life = (await redis?.pttl(`${prefix}short`)) ?? 0
    expect(life).toBeGreaterThan(24 * hour)
    expect(life).toBeLessThanOrEqual(24 * hour + 60_000)
    await store?.set('over', token)
    expect(await redis?.pttl(`${prefix}over`)).toBeGreaterThan(23 * hour)
  })

  test('nothing of a token is in an error or a log when Redis refuses to keep it', async () => {
    if (!store) throw new Error('no Redis')
    const logger = new RecordingLogger()
    const api = wechat.api({
      // Redis refuses such a life, with an error that holds the whole command.
      tokenStore: { ...store, set: (name, kept) => store.set(name, { ...kept, expiresAt: 1e300 }) },
      logger,
    })
    const accessToken = await api.getAccessToken()
    expect(logger.messages('warn')).toEqual(['the access token could not be stored'])
    expect(inspect(logger.lines, { depth: 10 })).not.toContain(accessToken)
  })
})

test('a Redis that cannot be reached leaves nothing in doubt, and keeps its password', async () => {
  const away = new Redis('redis://user:planted-password@127.0.0.1:1', {
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    lazyConnect: true,
  })
  away.on('error', () => undefined)
  const api = wechat.api({ tokenStore: redisTokenStore(away) })
  const error = await rejection(api.send('o1', { msgType: 'text', content: '1' }))
  expect(error).toMatchObject({ name: 'NetworkError', accepted: 'no' })
  expect(inspect(error, { depth: 10 })).not.toContain('planted-password')
  expect(wechat.calls()).toEqual([])
})
