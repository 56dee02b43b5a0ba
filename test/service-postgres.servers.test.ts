import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { callControl } from '../src/server/control-client.js'
import { encodePush } from '../src/wechat/index.js'
import { planted, startTestService, type TestService } from './support/test-service.js'
import { makeStore, type TestStore } from './stores.js'

const rules = {
  rules: [
    { name: 'echo', when: { text: { matches: '(.+)' } }, then: [{ reply: { text: '答{{match.1}}' } }] },
  ],
}

describe('two services on one PostgreSQL', () => {
  let database: TestStore
  let services: TestService[]
  const key = { KEFU_SECRET_KEY: randomBytes(32).toString('base64') }

  async function start(environment: Record<string, string>): Promise<TestService> {
    const service = await startTestService({ DATABASE_URL: database.url, ...environment })
    services.push(service)
    return service
  }
  beforeEach(async () => {
    database = await makeStore('postgres')
    services = []
  })
  afterEach(async () => {
    for (const service of services.reverse()) await service.close()
    await database.remove()
  })

  it('need the same key by name: the second is refused with a clear word', async () => {
    await start({})
    await expect(start({})).rejects.toThrow(
      /Several processes that share PostgreSQL need the same KEFU_SECRET_KEY/,
    )
  })

  it('share pushes, rules and one token, and one goes on alone when the other stops', async () => {
    const one = await start(key)
    const two = await start({ ...key, WECHAT_API_URL: one.emulator.url })
    await callControl(one.config.dataDir, 'import-rules', rules)
    await expect.poll(() => two.log).toContain('"rules":1')
    let msgId = 0
    const push = async (service: TestService, content: string): Promise<string> => {
      const { query, body } = encodePush(
        {
          msgType: 'text',
          content,
          msgId: String(++msgId),
          fromUserName: `o${content}`,
          toUserName: 'gh_1',
          createTime: Math.floor(Date.now() / 1000),
        },
        {
          appId: planted.WECHAT_APP_ID,
          token: planted.WECHAT_TOKEN,
          encodingAESKey: planted.WECHAT_ENCODING_AES_KEY,
        },
      )
      const url = `${service.url}/wechat?${new URLSearchParams(query).toString()}`
      return (await fetch(url, { method: 'POST', body })).text()
    }
    // WeChat must have heard of a customer before it takes a message to them.
    const customers = Array.from({ length: 20 }, (_, i) => one.emulator.user(`o${i}`))
    for (const customer of customers) await customer.enters()
    await Promise.all(
      customers.map(async (_, i) => {
        expect(await push(i % 2 === 0 ? one : two, String(i))).toBe('success')
      }),
    )
    for (const [i, customer] of customers.entries())
      expect((await customer.receives()).content).toMatchObject({ content: `答${i}` })
    expect(one.emulator.calls.filter(({ request }) => request.path === '/cgi-bin/stable_token')).toHaveLength(
      1,
    )

    await two.stop()
    const late = one.emulator.user('olate')
    await late.enters()
    expect(await push(one, 'late')).toBe('success')
    expect((await late.receives({ timeoutMs: 10_000 })).content).toMatchObject({ content: '答late' })
  })

  it('send what any of them queued, whoever’s work the conversation is', async () => {
    const one = await start(key)
    const two = await start({ ...key, WECHAT_API_URL: one.emulator.url })
    const customers = Array.from({ length: 8 }, (_, i) => one.emulator.user(`o${i}`))
    for (const customer of customers) expect((await customer.sends('在吗')).answer).toBe('success')
    await Promise.all(
      customers.map(async ({ openId }) => {
        // It is handled after its answer, by whichever has the conversation.
        const hello = () => callControl(two.config.dataDir, 'send', { openId, text: '您好' })
        await expect
          .poll(() => hello().catch((error: unknown) => String(error)), { timeout: 20_000 })
          .toBeTypeOf('object')
        expect(await callControl(two.config.dataDir, 'send', { openId, text: '在' })).toMatchObject({
          result: [{ state: 'accepted' }],
        })
      }),
    )
  })
})
