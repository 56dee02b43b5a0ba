import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { Api, type StoredToken, type TokenStore } from '../api/index.js'
import { createEmulator } from '../emulator/index.js'
import { NetworkError } from '../errors.js'
import { databaseTokenStore } from './database-token-store.js'
import { SecretBox } from './secret-box.js'

const key = 'wx1:stable@api.weixin.qq.com'
const token: StoredToken = {
  accessToken: 'planted-access-token',
  expiresAt: 2_000_000_000_000,
  forcedAt: [1, 2],
}

describe.each(await storeKinds())('access tokens in the database on %s', (kind) => {
  let test: TestStore
  let now: number
  let renewed: string[]
  const box = new SecretBox(randomBytes(32))
  const tokens = (withBox = box): TokenStore =>
    databaseTokenStore({
      store: test.store,
      secretBox: withBox,
      now: () => now,
      onRenewed: (appId) => renewed.push(appId),
    })
  beforeEach(async () => {
    test = await makeStore(kind)
    now = 1_900_000_000_000
    renewed = []
  })
  afterEach(() => test.remove())

  it('are kept, sealed, over a restart', async () => {
    expect(await tokens().get(key)).toBeUndefined()
    await tokens().set(key, token)
    await test.reopen()
    expect(await tokens().get(key)).toEqual(token)
    expect(await tokens().get('wx2:stable@api.weixin.qq.com')).toBeUndefined()
    const rows = await test.store.db.selectFrom('access_token').selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain('planted')
    expect(renewed).toEqual(['wx1'])
  })

  it('that can’t be opened are as good as none, and are replaced', async () => {
    await tokens(new SecretBox(randomBytes(32))).set(key, token)
    expect(await tokens().get(key)).toBeUndefined()
    await tokens().set(key, { ...token, accessToken: 'new' })
    expect(await tokens().get(key)).toMatchObject({ accessToken: 'new' })
  })

  it('are renewed by one at a time', async () => {
    const leases = await Promise.all(Array.from({ length: 10 }, () => tokens().lease(key, 15_000)))
    const [release, ...others] = leases.filter((lease) => lease !== undefined)
    expect(others).toEqual([])
    await release?.()
    expect(await tokens().lease(key, 15_000)).toBeDefined()
    expect(await tokens().lease('another', 15_000)).toBeDefined()
  })

  it('keep their token while somebody has the right to renew it', async () => {
    await tokens().set(key, token)
    const release = await tokens().lease(key, 15_000)
    expect(await tokens().get(key)).toEqual(token)
    await tokens().set(key, { ...token, accessToken: 'new' })
    expect(await tokens().lease(key, 15_000)).toBeUndefined()
    await release?.()
    expect(await tokens().get(key)).toMatchObject({ accessToken: 'new' })
  })

  it('lose a holder that died by time, and then its release does nothing', async () => {
    const late = await tokens().lease(key, 15_000)
    now += 15_000
    expect(await tokens().lease(key, 15_000)).toBeDefined()
    await late?.()
    expect(await tokens().lease(key, 15_000)).toBeUndefined()
  })

  it('do not wait an hour for a holder that died before the clock was put back', async () => {
    await tokens().lease(key, 15_000)
    now -= 3_600_000
    expect(await tokens().lease(key, 15_000)).toBeDefined()
  })

  it('say that nothing was sent when the database is away', async () => {
    const away = tokens()
    await test.store.close()
    for (const attempt of [() => away.get(key), () => away.set(key, token), () => away.lease(key, 1000)]) {
      const error = await attempt().catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(NetworkError)
      expect(error).toMatchObject({ accepted: 'no' })
    }
    await test.reopen()
  })

  it('are fetched once by ten sends of two cold clients', async () => {
    const secrets = { appId: 'wx0123456789abcdef', appSecret: 'secret' }
    const emulator = await createEmulator({
      apps: [{ ...secrets, token: 'token', mode: 'plain', pushUrl: 'http://127.0.0.1:1/' }],
    })
    now = Date.now()
    const wait = (): Promise<void> => delay(1)
    const apis = [1, 2].map(() => new Api({ ...secrets, url: emulator.url, tokenStore: tokens(), wait }))
    await Promise.allSettled(
      apis.flatMap((api) =>
        Array.from({ length: 5 }, () => api.send('o1', { msgType: 'text', content: 'x' })),
      ),
    )
    const fetches = emulator.calls.filter(({ request }) => request.path === '/cgi-bin/stable_token')
    expect(fetches).toHaveLength(1)
    await Promise.all(apis.map((api) => api.close()))
    await emulator.close()
  })
})
