import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { emulatedWechat, plantedSecret, type EmulatedWechat } from '../../test/support/emulated-wechat.js'
import { connectRedis } from '../../test/support/redis.js'
import { sharedFileStore, sharedRedisStore, type SharedStore } from '../../test/support/shared-store.js'
import { startWorker, type WorkerProcess } from '../../test/support/worker-process.js'

const redis = await connectRedis()
afterAll(() => redis?.disconnect())

const kinds: [string, () => Promise<SharedStore>][] = [['file', sharedFileStore]]
if (redis) kinds.push(['redis', () => sharedRedisStore(redis)])

const key = 'wx1:stable@api.weixin.qq.com'

describe.each(kinds)('processes that share a %s store', (_, make) => {
  let shared: SharedStore
  let wechat: EmulatedWechat
  let folder: string
  /** Two that have done nothing yet but start. */
  let pair: WorkerProcess[]
  const workers: WorkerProcess[] = []

  const start = async (): Promise<WorkerProcess> => {
    const api = { url: wechat.emulator.url, appId: wechat.appId, appSecret: plantedSecret }
    const worker = await startWorker({ store: shared.settings, api })
    workers.push(worker)
    return worker
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kefu-processes-'))
    ;[shared, wechat] = await Promise.all([make(), emulatedWechat()])
    pair = await Promise.all([start(), start()])
  })
  beforeEach(() => shared.clear())
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.kill()))
    await Promise.all([shared.remove(), wechat.close(), rm(folder, { recursive: true })])
  })

  test('fetch one token when two of them answer 20 cold conversations at once', async () => {
    const customers = await Promise.all(Array.from({ length: 20 }, () => wechat.customer()))
    const openIds = customers.map(({ openId }) => openId)
    const answers = await Promise.all(
      pair.map((worker, i) => worker.ask({ do: 'send', openIds: openIds.filter((_, n) => n % 2 === i) })),
    )
    expect(answers).toEqual(['sent', 'sent'])
    expect(wechat.tokenCalls).toBe(1)
    for (const customer of customers) expect(await customer.receives()).toMatchObject({ from: 'service' })
  })

  test('have the lease one at a time, so that none loses what another did', async () => {
    const file = join(folder, 'count')
    await writeFile(file, '0')
    await Promise.all(pair.map((worker) => worker.ask({ do: 'count', key, times: 40, file })))
    expect(await readFile(file, 'utf8')).toBe('80')
  })

  test('outlive one that is killed while it fetches: another does after its lease', async () => {
    const customer = await wechat.customer()
    wechat.emulator.faults.add({ path: '/cgi-bin/stable_token', delayMs: 60_000 })
    const doomed = await start()
    const asked = doomed.ask({ do: 'send', openIds: [customer.openId] }).catch(() => 'killed')
    await vi.waitUntil(() => wechat.emulator.faults.items.length === 0, { timeout: 10_000 })
    await doomed.kill()
    expect(await asked).toBe('killed')

    let waits = 0
    const follower = wechat.api({
      tokenStore: shared.open(),
      wait: async () => {
        waits += 1
        // Fifteen seconds of them, at once.
        const leased = `${wechat.appId}:stable@${new URL(wechat.emulator.url).host}`
        if (waits === 20) await shared.lapse(leased, 15_000)
      },
    })
    await follower.send(customer.openId, { msgType: 'text', content: '接着说' })
    expect(waits).toBe(20)
    expect(await customer.receives()).toMatchObject({ content: { content: '接着说' } })
  })

  test('never see half a token, while another writes and is killed at it', async () => {
    const store = shared.open()
    const doomed = await start()
    await doomed.ask({ do: 'write', key, length: 300_000 })
    const seen = new Set<string>()
    const whole = async (): Promise<boolean> => {
      const { accessToken = '' } = (await store.get(key)) ?? {}
      if (accessToken === '') return false
      expect(accessToken).toBe(accessToken.slice(0, 1).repeat(300_000))
      seen.add(accessToken.slice(0, 1))
      return seen.size === 10
    }
    await vi.waitUntil(whole, { timeout: 15_000, interval: 0 })
    await doomed.kill()
    await whole()
    await store.set(key, { accessToken: 'after', expiresAt: Date.now(), forcedAt: [] })
    expect(await store.get(key)).toMatchObject({ accessToken: 'after' })
  })
})
