import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connectRedis } from '../../test/support/redis.js'
import { sharedFileStore, sharedRedisStore, type SharedStore } from '../../test/support/shared-store.js'
import { memoryTokenStore, parseStoredToken, type StoredToken, type TokenStore } from './token-store.js'

const redis = await connectRedis()
afterAll(() => redis?.disconnect())

const key = 'wx0123456789abcdef:stable@127.0.0.1:3001'
const token = (accessToken: string): StoredToken => ({
  accessToken,
  expiresAt: Date.now() + 7_200_000,
  forcedAt: [1, 2],
})

const kinds: [string, () => Promise<SharedStore>][] = [['file', sharedFileStore]]
if (redis) kinds.push(['redis', () => sharedRedisStore(redis)])

/** What every store must do. */
function keepsItsPromises(open: () => TokenStore): void {
  test('has nothing at first, then what was kept last, each under its own key', async () => {
    const store = open()
    expect(await store.get(key)).toBeUndefined()
    await store.set(key, token('one'))
    const second = token('字'.repeat(100))
    await store.set(key, second)
    expect(await store.get(key)).toEqual(second)
    expect(await store.get('../other')).toBeUndefined()
    await store.set('../other', token('three'))
    expect(await store.get(key)).toEqual(second)
  })

  test('gives the lease to one at a time, and again after it was given back', async () => {
    const store = open()
    const tries = await Promise.all(Array.from({ length: 20 }, () => store.lease(key, 60_000)))
    const releases = tries.filter((release) => release !== undefined)
    expect(releases).toHaveLength(1)
    expect(await store.lease('another', 60_000)).toBeDefined()
    await releases[0]?.()
    expect(await store.lease(key, 60_000)).toBeDefined()
  })
}

describe('the memory store', () => {
  keepsItsPromises(memoryTokenStore)
})

describe.each(kinds)('the %s store', (_, make) => {
  let shared: SharedStore
  beforeEach(async () => {
    shared = await make()
  })
  afterEach(() => shared.remove())

  keepsItsPromises(() => shared.open())

  test('shows one process what another kept', async () => {
    const kept = token('one')
    await shared.open().set(key, kept)
    expect(await shared.open().get(key)).toEqual(kept)
  })

  test.each([
    '',
    'not json',
    '{"accessToken":"half',
    'null',
    '[]',
    '{}',
    '{"accessToken":1,"expiresAt":2}',
    '\0',
  ])('takes %j for no token', async (text) => {
    const store = shared.open()
    await store.set(key, token('good'))
    await shared.spoil(key, text)
    expect(await store.get(key)).toBeUndefined()
    await store.set(key, token('again'))
    expect(await store.get(key)).toMatchObject({ accessToken: 'again' })
  })

  test('lets a lapsed lease be taken over, by one', async () => {
    const store = shared.open()
    expect(await store.lease(key, 5000)).toBeDefined()
    expect(await store.lease(key, 5000)).toBeUndefined()
    await shared.lapse(key, 5000)
    const tries = await Promise.all(Array.from({ length: 20 }, () => store.lease(key, 5000)))
    expect(tries.filter((release) => release !== undefined)).toHaveLength(1)
  })

  test('does not let one who comes late give back another’s lease', async () => {
    const store = shared.open()
    const late = await store.lease(key, 5000)
    await shared.lapse(key, 5000)
    const theirs = await store.lease(key, 5000)
    await late?.()
    expect(await store.lease(key, 5000)).toBeUndefined()
    await theirs?.()
    await theirs?.()
    expect(await store.lease(key, 5000)).toBeDefined()
  })
})

test('what was stored is read without what does not belong there', () => {
  expect(parseStoredToken('{"accessToken":"a","expiresAt":1}')).toEqual({
    accessToken: 'a',
    expiresAt: 1,
    forcedAt: [],
  })
  expect(parseStoredToken('{"accessToken":"a","expiresAt":1,"forcedAt":[1,"2",null,3],"more":1}')).toEqual({
    accessToken: 'a',
    expiresAt: 1,
    forcedAt: [1, 3],
  })
})
