import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RecordingLogger } from '../../test/support/recording-logger.js'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { Api } from '../api/index.js'
import { ConfigError } from '../errors.js'
import { openStore, type Store } from '../store/index.js'
import type { AppSettings } from '../config/app-settings.js'
import { Apps } from './apps.js'
import { SecretBox } from './secret-box.js'

const shop: AppSettings = {
  appId: 'wx-shop',
  name: '云朵商城',
  appSecret: 'planted-secret',
  token: 'planted-token',
  encodingAESKey: 'p'.repeat(43),
  mode: 'secure',
}
const cafe: AppSettings = {
  ...shop,
  appId: 'wx-cafe',
  name: 'café',
  encodingAESKey: undefined,
  mode: 'plain',
}

describe.each(await storeKinds())('the Mini Programs on %s', (kind) => {
  let test: TestStore
  let logger: RecordingLogger
  let running: Apps[]
  let connected: string[]
  const secretBox = new SecretBox(randomBytes(32))

  async function start(environment?: AppSettings, store: Store = test.store): Promise<Apps> {
    const apps = new Apps({
      store,
      secretBox,
      environment,
      pushMaxAgeSeconds: 600,
      connect: (settings) => {
        connected.push(settings.appId)
        return new Api({ ...settings, url: 'http://127.0.0.1:1' })
      },
      logger,
      now: Date.now,
    })
    running.push(apps)
    await apps.start()
    return apps
  }
  beforeEach(async () => {
    test = await makeStore(kind)
    logger = new RecordingLogger()
    running = []
    connected = []
  })
  afterEach(async () => {
    for (const apps of running) await apps.stop()
    await test.remove()
  })

  it('are the environment’s and those of the database, over a restart', async () => {
    const apps = await start(shop)
    await apps.save(cafe)
    const again = await start(shop)
    expect(again.list).toEqual([
      { appId: 'wx-shop', name: '云朵商城', mode: 'secure', source: 'environment' },
      { appId: 'wx-cafe', name: 'café', mode: 'plain', source: 'desk' },
    ])
    expect(again.secretsOf(undefined).map(({ appId }) => appId)).toEqual(['wx-shop', 'wx-cafe'])
    expect(again.secretsOf('wx-cafe')).toEqual([
      {
        appId: 'wx-cafe',
        token: 'planted-token',
        encodingAESKey: undefined,
        mode: 'plain',
        maxAgeSeconds: 600,
      },
    ])
    expect(again.secretsOf('wx-other')).toEqual([])
    expect(again.apiOf('wx-cafe')?.appId).toBe('wx-cafe')
    expect(again.apiOf('wx-other')).toBeUndefined()
  })

  it('have their secrets sealed in the database, and none in what is shown', async () => {
    const apps = await start()
    await apps.save(shop)
    const rows = await test.store.db.selectFrom('app').selectAll().execute()
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toMatch(/planted|pppp/)
    expect(JSON.stringify(apps.list)).not.toMatch(/planted|pppp/)
  })

  it('change while the service runs; one that did not change keeps its client', async () => {
    const apps = await start()
    await apps.save(shop)
    await apps.save(cafe)
    const before = apps.apiOf('wx-cafe')
    await apps.save({ ...shop, token: 'other-token' })
    expect(apps.secretsOf('wx-shop')[0]?.token).toBe('other-token')
    expect(apps.apiOf('wx-cafe')).toBe(before)
    await apps.remove('wx-shop')
    expect(apps.secretsOf('wx-shop')).toEqual([])
    expect(connected).toEqual(['wx-shop', 'wx-cafe', 'wx-shop'])
  })

  it('of the environment stand before a row of the same appid, and change only there', async () => {
    const first = await start()
    await first.save({ ...shop, token: 'of-the-desk' })
    const apps = await start(shop)
    expect(apps.secretsOf('wx-shop')[0]?.token).toBe('planted-token')
    await expect(apps.save(shop)).rejects.toThrow(/configured by WECHAT_APP_ID/)
    await expect(apps.remove('wx-shop')).rejects.toThrow(ConfigError)
  })

  it('are refused when their settings can’t work', async () => {
    const apps = await start()
    await expect(apps.save({ ...shop, encodingAESKey: 'short' })).rejects.toThrow(/43 letters and digits/)
    await expect(apps.save({ ...cafe, mode: 'secure' })).rejects.toThrow(ConfigError)
    expect(apps.list).toEqual([])
  })

  it('whose secrets were changed in the database are left out with a word, and stop nobody else', async () => {
    const apps = await start()
    await apps.save(shop)
    await apps.save(cafe)
    await test.store.db
      .updateTable('app')
      .set({ sealed_token: secretBox.encrypt('x', 'elsewhere') })
      .where('app_id', '=', 'wx-shop')
      .execute()
    const again = await start()
    expect(again.list.map(({ appId }) => appId)).toEqual(['wx-cafe'])
    // On PostgreSQL the word of the change may come late, and they are read once more.
    expect([...new Set(logger.messages('error'))]).toEqual([
      expect.stringMatching(/can’t be served: .*token of wx-shop/),
    ])
  })

  it.runIf(kind === 'postgres')('that another process changes are noticed', async () => {
    const apps = await start()
    const elsewhere = await openStore(test.url)
    try {
      const others = await start(undefined, elsewhere)
      await others.save(shop)
      await expect.poll(() => apps.secretsOf('wx-shop')).toHaveLength(1)
      await others.remove('wx-shop')
      await expect.poll(() => apps.secretsOf('wx-shop')).toHaveLength(0)
    } finally {
      await running.pop()?.stop()
      await elsewhere.close()
    }
  })
})
