import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appSetup, type AppSetup } from '../src/apps/schemas/app-setup.js'
import { conversationView } from '../src/desk/schemas/conversation-view.js'
import { encodeFields, encodePush, sign } from '../src/wechat/index.js'
import { ApiClient } from './support/api-client.js'
import { planted, startTestService, type TestService } from './support/test-service.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'

const apiKey = 'a-key-of-the-setup-test-0123456789'
const shop = {
  appId: 'wxfedcba9876543210',
  appSecret: 'fedcba9876543210fedcba9876543210',
  token: 'tokenOfTheShop',
  encodingAESKey: 'otherAesKeyotherAesKeyotherAesKeyotherAesKe',
}
const params = { id: shop.appId }

describe.each(await storeKinds())('how far a Mini Program is connected, on %s', (kind) => {
  let database: TestStore | undefined
  let services: TestService[]
  let service: TestService
  let api: ApiClient
  const shared = { KEFU_API_KEY: apiKey, KEFU_SECRET_KEY: randomBytes(32).toString('base64') }

  async function start(environment: Record<string, string> = {}): Promise<TestService> {
    const started = await startTestService({
      ...shared,
      ...(database ? { DATABASE_URL: database.url } : {}),
      ...environment,
    })
    services.push(started)
    return started
  }
  beforeEach(async () => {
    services = []
    database = kind === 'postgres' ? await makeStore('postgres') : undefined
    service = await start()
    api = new ApiClient(service.url, apiKey)
  })
  afterEach(async () => {
    for (const each of services.reverse()) await each.close()
    await database?.remove()
  })

  const marks = (): Promise<AppSetup> => api.get(appSetup, 'GET /apps/:id/setup', { params })
  async function connect(): Promise<void> {
    await api.ok('POST /apps', { body: { ...shop, name: '云朵杂货店' } })
    service.emulator.addApp({ ...shop, pushUrl: `${service.url}/wechat/${shop.appId}` })
  }
  async function ask(url: string, token: string, change: Record<string, string> = {}): Promise<number> {
    const timestamp = String(Math.floor(Date.now() / 1000))
    const nonce = '1514711492'
    const query = { signature: sign(token, timestamp, nonce), echostr: '42', timestamp, nonce, ...change }
    return (await fetch(`${url}/wechat/${shop.appId}?${new URLSearchParams(query).toString()}`)).status
  }
  async function push(encoded: ReturnType<typeof encodePush>): Promise<number> {
    const query = new URLSearchParams(encoded.query).toString()
    const url = `${service.url}/wechat/${shop.appId}?${query}`
    return (await fetch(url, { method: 'POST', body: encoded.body })).status
  }
  const text = () =>
    ({
      msgType: 'text',
      content: '有货吗',
      msgId: '1',
      fromUserName: 'oPlanted',
      toUserName: 'gh_1',
      createTime: Math.floor(Date.now() / 1000),
    }) as const

  it('begins with nothing, marks the URL as WeChat verifies it, and finds the first push', async () => {
    await connect()
    expect(await marks()).toEqual({
      publicUrl: null,
      verifiedAt: null,
      urlRefused: null,
      pushRefused: null,
      arrived: null,
    })
    const before = Date.now()
    const verified = await fetch(`${service.emulator.url}/_emulator/apps/${shop.appId}/verify`, {
      method: 'POST',
    })
    expect(await verified.json()).toMatchObject({ ok: true })
    await expect.poll(async () => (await marks()).verifiedAt, { timeout: 20_000 }).not.toBeNull()
    expect((await marks()).verifiedAt).toBeGreaterThanOrEqual(before)

    await service.emulator.user('oFirst', shop.appId).sends('在吗')
    await expect
      .poll(async () => (await marks()).arrived?.conversationId ?? null, { timeout: 20_000 })
      .not.toBeNull()
    const first = (await marks()).arrived
    const id = first?.conversationId ?? 0
    const conversation = await api.get(conversationView, 'GET /conversations/:id', { params: { id } })
    expect(conversation).toMatchObject({ appId: shop.appId, openId: 'oFirst' })

    // The first one stays the first, also after others and after a restart.
    await service.emulator.user('oSecond', shop.appId).sends('你好')
    expect((await marks()).arrived).toEqual(first)
    await service.restart()
    api = new ApiClient(service.url, apiKey)
    expect(await marks()).toMatchObject({ arrived: first, verifiedAt: expect.any(Number) as number })
  })

  it('says why a question for the URL was refused, and takes nobody’s visit for one', async () => {
    await connect()
    expect(await ask(service.url, shop.token, { nonce: '' })).toBe(403)
    await expect.poll(async () => (await marks()).urlRefused?.why, { timeout: 20_000 }).toBe('missing')
    await api.ok('DELETE /apps/:id', { params })
    await connect()
    expect((await fetch(`${service.url}/wechat/${shop.appId}`)).status).toBe(403)
    expect(await marks()).toMatchObject({ urlRefused: null, verifiedAt: null })
  })

  it('says that the Token differs, and that pushes can’t be read', async () => {
    await connect()
    expect(await ask(service.url, 'anotherToken')).toBe(403)
    await expect.poll(async () => (await marks()).urlRefused?.why, { timeout: 20_000 }).toBe('mismatch')
    const otherKey = { ...shop, encodingAESKey: planted.WECHAT_ENCODING_AES_KEY }
    expect(await push(encodePush(text(), otherKey))).toBe(400)
    await expect.poll(async () => (await marks()).pushRefused?.why, { timeout: 20_000 }).toBe('decrypt')
    expect((await marks()).arrived).toBeNull()
    expect(JSON.stringify(await marks())).not.toContain('oPlanted')
  })

  it('does not take the doctor’s own question for WeChat’s', async () => {
    await connect()
    await api.ok('GET /doctor')
    expect(await marks()).toMatchObject({ verifiedAt: null, urlRefused: null })
  })

  it('knows a push that is of no conversation, such as that of WeChat’s debugging tool', async () => {
    await connect()
    const event = { ToUserName: 'gh_1', FromUserName: 'oTool', MsgType: 'event', Event: 'debug_demo' }
    expect(await push(encodeFields({ ...event, CreateTime: text().createTime }, shop))).toBe(200)
    await expect
      .poll(async () => (await marks()).arrived, { timeout: 20_000 })
      .toMatchObject({
        conversationId: null,
      })
  })

  it('begins anew with another Token, and keeps what it knows with another name', async () => {
    await connect()
    await ask(service.url, shop.token)
    await service.emulator.user('oFirst', shop.appId).sends('在吗')
    await expect
      .poll(async () => (await marks()).arrived?.conversationId ?? null, { timeout: 20_000 })
      .not.toBeNull()
    await expect.poll(async () => (await marks()).verifiedAt, { timeout: 20_000 }).not.toBeNull()
    const known = await marks()
    await api.ok('PATCH /apps/:id', { params, body: { name: '云朵商店' } })
    expect(await marks()).toEqual(known)
    await api.ok('PATCH /apps/:id', { params, body: { token: 'anotherToken' } })
    expect(await marks()).toMatchObject({ verifiedAt: null, arrived: null })
  })

  it('is asked WeChat with the AppSecret: right, wrong, not on the IP whitelist, out of reach', async () => {
    await connect()
    const check = async (): Promise<unknown> => api.ok('POST /apps/:id/check', { params })
    expect(await check()).toMatchObject({ healthy: true })
    service.emulator.faults.add({ errcode: 40164, path: '/cgi-bin/stable_token' })
    expect(await check()).toMatchObject({
      healthy: false,
      findings: [
        { check: 'ip-whitelist', level: 'fail', todo: { zh: expect.stringContaining('白名单') as string } },
      ],
    })
    await api.ok('PATCH /apps/:id', { params, body: { appSecret: 'wrong-planted' } })
    const wrong = await check()
    expect(wrong).toMatchObject({ healthy: false, findings: [{ check: 'token', level: 'fail' }] })
    expect(JSON.stringify(wrong)).toContain('40125')
    expect(JSON.stringify(wrong)).not.toContain('planted')
    await service.emulator.close()
    expect(JSON.stringify(await check())).toContain('WECHAT_API_URL')
  })

  it('is for admins who may see the Mini Program, and for nobody else', async () => {
    await connect()
    const made = (await api.ok('POST /api-keys', { body: { name: 'x' } })) as { key: string }
    const program = new ApiClient(service.url, made.key)
    for (const route of ['GET /apps/:id/setup', 'POST /apps/:id/check']) {
      expect(await program.call(route, { params })).toMatchObject({ status: 403 })
      expect(await api.call(route, { params: { id: 'wxnobody' } })).toMatchObject({ status: 404 })
      expect(await new ApiClient(service.url, undefined).call(route, { params })).toMatchObject({
        status: 401,
      })
    }
  })

  it.runIf(kind === 'postgres')('is the same for each process, whichever was asked', async () => {
    await connect()
    const other = await start({ WECHAT_API_URL: service.emulator.url })
    await expect.poll(() => ask(other.url, shop.token), { timeout: 20_000 }).toBe(200)
    await expect.poll(async () => (await marks()).verifiedAt, { timeout: 20_000 }).not.toBeNull()
  })
})
