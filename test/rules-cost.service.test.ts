import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callControl } from '../src/server/control-client.js'
import { ApiClient } from './support/api-client.js'
import { addAgent, signIn } from './support/desk-agent.js'
import { startTestService, type TestService } from './support/test-service.js'

const apiKey = 'a-key-of-the-rules-cost-test-0123456789'
const HOSTILE = '[ab]*a[ab]{480}c'
const rulesOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ name: `r${i}`, when: { text: { matches: HOSTILE } }, then: [] }))
const text = (content: string) => ({ msgType: 'text', content })

describe('what rules may cost', { timeout: 60_000 }, () => {
  let service: TestService
  let api: ApiClient
  beforeAll(async () => {
    service = await startTestService({ KEFU_API_KEY: apiKey })
    api = new ApiClient(service.url, apiKey)
    await api.ok('PUT /rules', {
      body: { rules: [{ name: 'hello', when: {}, then: [{ reply: { text: 'hi' } }] }] },
    })
  })
  afterAll(() => service.close())

  it('is bounded where they are tried, saved and imported', async () => {
    const rules = rulesOf(110)
    const refused = { status: 422, error: { code: 'invalid' } }
    expect(await api.call('POST /rules/test', { body: { message: text('a'), rules } })).toMatchObject(refused)
    expect(await api.call('PUT /rules', { body: { rules } })).toMatchObject(refused)
    await expect(callControl(service.config.dataDir, 'import-rules', { rules })).rejects.toThrow('50000')
    expect(await api.ok('GET /rules')).toMatchObject({ rules: [{ name: 'hello' }] })
  })

  it('is paid for admins of all Mini Programs alone, on texts that WeChat could send', async () => {
    await addAgent(service, 'Lin')
    const lin = await signIn(service.url, 'Lin')
    const narrow = (await api.ok('POST /api-keys', { body: { name: 'one shop', apps: ['wx1'] } })) as {
      key: string
    }
    const wide = (await api.ok('POST /api-keys', { body: { name: 'all shops' } })) as { key: string }
    const keyed = (key: string) => new ApiClient(service.url, key)
    const own = { body: { message: text('a'), rules: rulesOf(1) } }
    for (const each of [lin.api, keyed(narrow.key), keyed(wide.key)])
      expect((await each.call('POST /rules/test', own)).status).toBe(403)
    expect((await api.call('POST /rules/test', own)).status).toBe(200)
    expect((await lin.api.call('POST /rules/test', { body: { message: text('a') } })).status).toBe(200)
    // The rules are those of all Mini Programs.
    for (const call of ['GET /rules', 'GET /business-hours'] as const) {
      expect((await keyed(narrow.key).call(call)).status).toBe(403)
      expect((await keyed(wide.key).call(call)).status).toBe(200)
    }
    expect((await keyed(narrow.key).call('POST /rules/test', { body: { message: text('a') } })).status).toBe(
      403,
    )
    const test = (content: string) => api.call('POST /rules/test', { body: { message: text(content) } })
    expect((await test('退'.repeat(682))).status).toBe(200)
    expect((await test('退'.repeat(683))).status).toBe(422)
    const big = { message: text('a'), rules: [{ name: 'x'.repeat(1_100_000), when: {}, then: [] }] }
    expect((await api.call('POST /rules/test', { body: big })).status).toBe(413)
  })

  it('is told of Mini Programs that share a Token without encryption', async () => {
    const add = (appId: string, mode: string, token: string) =>
      api.ok('POST /apps', {
        body: { appId, mode, token, appSecret: 'a'.repeat(32), encodingAESKey: 'a'.repeat(43) },
      })
    expect(await add('wx00000000000000a1', 'plain', 'sharedToken')).toMatchObject({ sharesTokenWith: [] })
    const second = await add('wx00000000000000a2', 'plain', 'sharedToken')
    expect(second).toMatchObject({ sharesTokenWith: ['wx00000000000000a1'] })
    const changed = await api.ok('PATCH /apps/:id', {
      params: { id: 'wx00000000000000a2' },
      body: { mode: 'secure' },
    })
    expect(changed).toMatchObject({ sharesTokenWith: [] })
  })
})
