import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { apiKeyView, newApiKey } from '../src/people/schemas/api-key.js'
import { conversationView } from '../src/desk/schemas/conversation-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { ApiClient } from './support/api-client.js'
import { EventReader } from './support/event-reader.js'
import { planted, startTestService, type TestService } from './support/test-service.js'

const apiKey = 'a-key-of-the-service-test-0123456789'
const other = {
  appId: 'wxfedcba9876543210',
  appSecret: 'secretOfTheOther0123456789abcdef',
  token: 'tokenOfTheOther',
  encodingAESKey: 'otherAesKeyotherAesKeyotherAesKeyotherAesKe',
}
let service: TestService
let api: ApiClient

beforeEach(async () => {
  service = await startTestService({ KEFU_API_KEY: apiKey })
  api = new ApiClient(service.url, apiKey)
})
afterEach(() => service.close())

/** Adds a second Mini Program, here and at WeChat. */
async function addOther(): Promise<void> {
  await api.ok('POST /apps', { body: { ...other, name: '另一个' } })
  service.emulator.addApp({ ...other, pushUrl: `${service.url}/wechat/${other.appId}` })
}

/** The conversation of a customer who wrote. */
async function conversationOf(openId: string): Promise<number> {
  let id = 0
  await expect
    .poll(async () => {
      const { items } = await api.get(listOf(conversationView), 'GET /conversations')
      id = items.find((each) => each.openId === openId)?.id ?? 0
      return id
    })
    .toBeGreaterThan(0)
  return id
}

describe('Mini Programs by the API', () => {
  it('are added, changed and removed, and their secrets never shown', async () => {
    const { token, appSecret, encodingAESKey, appId } = other
    const added = await api.call('POST /apps', { body: { ...other, name: '另一个' } })
    expect(added).toMatchObject({
      status: 201,
      body: {
        appId,
        name: '另一个',
        mode: 'secure',
        source: 'desk',
        pushUrl: `https://YOUR-HOST/wechat/${appId}`,
      },
    })
    const params = { id: appId }
    const changed = await api.call('PATCH /apps/:id', {
      params,
      body: { name: '改名', token: 'anotherToken' },
    })
    expect(changed).toMatchObject({ status: 200, body: { name: '改名', mode: 'secure' } })
    const list = await api.ok('GET /apps')
    expect(list).toMatchObject({
      items: [
        { appId: planted.WECHAT_APP_ID, source: 'environment' },
        { appId, source: 'desk' },
      ],
    })
    const shown = JSON.stringify([added.body, changed.body, list])
    for (const secret of [token, appSecret, encodingAESKey, 'anotherToken'])
      expect(shown).not.toContain(secret)

    expect(await api.call('POST /apps', { body: other })).toMatchObject({ status: 409 })
    for (const [body, words] of [
      [{ ...other, appId: 'gh_123' }, /^appId: must be an AppID/],
      [{ ...other, encodingAESKey: 'short' }, /^encodingAESKey: /],
      [{ appId: 'wx1', token: 't' }, /^appSecret: is missing/],
      [{ appId: 'wx1', appSecret: 's', token: 'token' }, /EncodingAESKey|encodingAESKey/],
    ] as const) {
      const answer = await api.call('POST /apps', { body })
      expect(answer.status).toBe(422)
      expect(answer.error.message).toMatch(words)
    }
    // Pages make their own sentence of it.
    for (const [body, detail] of [
      [
        { appId: 'wx1', token: 't' },
        { field: 'appSecret', reason: 'missing' },
      ],
      [
        { ...other, name: 'x'.repeat(65) },
        { field: 'name', reason: 'too_long', limit: 64, params: { field: 'name', limit: 64 } },
      ],
      [
        { ...other, encodingAESKey: 'short' },
        { field: 'encodingAESKey', reason: 'form' },
      ],
      [{ ...other, odd: 1 }, { reason: 'unknown' }],
      [other, { code: 'conflict', reason: 'app_exists', params: { appId: other.appId } }],
    ] as const)
      expect((await api.call('POST /apps', { body })).body).toMatchObject({ error: detail })
    for (const method of ['PATCH', 'DELETE'])
      expect(
        await api.call(`${method} /apps/:id`, {
          params: { id: planted.WECHAT_APP_ID },
          ...(method === 'PATCH' ? { body: {} } : {}),
        }),
      ).toMatchObject({ status: 409, error: { code: 'conflict' } })
    expect(await api.call('DELETE /apps/:id', { params })).toMatchObject({ status: 204 })
    expect(await api.call('DELETE /apps/:id', { params })).toMatchObject({ status: 404 })
  })
})

describe('keys of programs', () => {
  it('are shown once, open what they are for, and are forgotten with their streams', async () => {
    const made = await api.get(newApiKey, 'POST /api-keys', { body: { name: ' 订单系统 ' } })
    expect(made).toMatchObject({ name: '订单系统', apps: 'all', usedAt: null })
    const program = new ApiClient(service.url, made.key)
    expect(await program.call('GET /conversations')).toMatchObject({ status: 200 })
    // It may read and send, not change how the service works.
    for (const [route, body] of [
      ['GET /api-keys', undefined],
      ['POST /api-keys', { name: 'x' }],
      ['POST /apps', other],
      ['PUT /rules', { rules: [] }],
      ['GET /doctor', undefined],
    ] as const)
      expect(await program.call(route, { body })).toMatchObject({ status: 403, error: { code: 'forbidden' } })
    const { items } = await api.get(listOf(apiKeyView), 'GET /api-keys')
    expect(items).toEqual([{ ...made, key: undefined, usedAt: expect.any(Number) as number }])
    expect(JSON.stringify(items)).not.toContain(made.key)
    expect(service.log).not.toContain(made.key)

    const page = await EventReader.open(service.url, { key: made.key })
    expect(await api.call('DELETE /api-keys/:id', { params: { id: made.id } })).toMatchObject({ status: 204 })
    await page.ended
    expect(await program.call('GET /conversations')).toMatchObject({ status: 401 })
    expect(await api.call('DELETE /api-keys/:id', { params: { id: made.id } })).toMatchObject({ status: 404 })
  })

  it('of one Mini Program show nothing of another', async () => {
    await addOther()
    const make = async (appId: string) =>
      api.get(newApiKey, 'POST /api-keys', { body: { name: appId, apps: [appId] } })
    const [mine, theirs] = [await make(planted.WECHAT_APP_ID), await make(other.appId)]
    const program = new ApiClient(service.url, mine.key)
    const page = await EventReader.open(service.url, { key: mine.key })
    const theirPage = await EventReader.open(service.url, { key: theirs.key })

    await service.emulator.user('oTheirs', other.appId).sends('别人的秘密')
    const id = await conversationOf('oTheirs')
    await service.emulator.user('oMine', planted.WECHAT_APP_ID).sends('自己的话')
    const own = await conversationOf('oMine')

    await expect.poll(() => JSON.stringify(page.events), { timeout: 10_000 }).toContain('自己的话')
    await expect.poll(() => JSON.stringify(theirPage.events), { timeout: 10_000 }).toContain('别人的秘密')
    expect(JSON.stringify(page.events)).not.toContain('oTheirs')
    expect(JSON.stringify(theirPage.events)).not.toContain('oMine')

    const { items } = await program.get(listOf(conversationView), 'GET /conversations')
    expect(items.map(({ openId }) => openId)).toEqual(['oMine'])
    expect(await program.ok('GET /conversations', { query: { app: other.appId } })).toMatchObject({
      items: [],
    })
    for (const q of ['秘密', 'oTheirs'])
      expect(await program.ok('GET /conversations', { query: { q } })).toMatchObject({ items: [] })
    expect(await program.ok('GET /conversations', { query: { q: '自己的话' } })).toMatchObject({
      items: [{ openId: 'oMine' }],
    })
    expect(await program.ok('GET /counts')).toMatchObject({ waiting: 1, all: 1 })
    expect(await api.ok('GET /counts')).toMatchObject({ waiting: 2, all: 2 })
    expect(await program.ok('GET /apps')).toMatchObject({ items: [{ appId: planted.WECHAT_APP_ID }] })

    const [message] = theirPage.events.flatMap(({ data }) => {
      const { message: each } = data as { message?: { id: number } }
      return each ? [each] : []
    })
    const contact = items[0]?.contact.id ?? 0
    const params = { id }
    const text = { msgType: 'text', content: '你好' }
    for (const [route, call] of [
      ['GET /conversations/:id', { params }],
      ['GET /conversations/:id/messages', { params }],
      ['POST /conversations/:id/messages', { params, body: { clientId: 'c', message: text } }],
      ['POST /conversations/:id/take', { params, body: { agentId: 1 } }],
      ['POST /conversations/:id/assign', { params, body: { agentId: 1 } }],
      ['POST /conversations/:id/release', { params }],
      ['POST /conversations/:id/close', { params }],
      ['POST /conversations/:id/reopen', { params }],
      ['POST /conversations/:id/notes', { params, body: { content: 'x' } }],
      ['PUT /conversations/:id/tags', { params, body: { tags: [] } }],
      ['POST /messages/:id/retry', { params: { id: message?.id ?? 0 } }],
      ['POST /messages/:id/cancel', { params: { id: message?.id ?? 0 } }],
      ['POST /messages/:id/resolve', { params: { id: message?.id ?? 0 }, body: { state: 'failed' } }],
      ['PATCH /contacts/:id', { params: { id: contact === 1 ? 2 : 1 }, body: { name: 'x' } }],
    ] as const)
      expect([route, (await program.call(route, call)).status]).toEqual([route, 404])
    expect(await program.call('GET /conversations/:id', { params: { id: own } })).toMatchObject({
      status: 200,
    })
    await page.close()
    await theirPage.close()
  })
})

describe('rules by the API', () => {
  const rules = [
    {
      name: 'refund',
      when: { text: { contains: ['退款'] } },
      then: [{ reply: { text: '请稍候' } }, { handoff: 'refund' }],
    },
    { name: 'all', when: {}, then: [{ reply: { text: '您好 {{contact.name}}' } }] },
  ]

  it('are put in the place of all others, and answer from then on', async () => {
    expect(await api.ok('GET /rules')).toEqual({ rules: [] })
    expect(await api.ok('PUT /rules', { body: { rules } })).toEqual({ rules, warnings: [] })
    expect(await api.ok('GET /rules')).toEqual({ rules })
    const customer = service.emulator.user('oLin')
    await customer.sends('我要退款')
    expect((await customer.receives()).content).toMatchObject({ content: '请稍候' })
  })

  it('that can’t work are refused with the rule and the field', async () => {
    const answer = await api.call('PUT /rules', {
      body: { rules: [{ name: 'x', when: { text: { matches: '(' } }, then: [] }] },
    })
    expect(answer).toMatchObject({ status: 422, error: { code: 'invalid' } })
    expect(answer.error.message).toMatch(/rules\[0\]\.when\.text\.matches \(rule "x"\)/)
    expect(await api.call('PUT /rules', { body: {} })).toMatchObject({ status: 422 })
  })

  it('say which would answer, and why the others would not', async () => {
    await api.ok('PUT /rules', { body: { rules } })
    const test = (body: object) => api.ok('POST /rules/test', { body })
    expect(await test({ message: { msgType: 'text', content: ' 你好 ' }, name: '林' })).toMatchObject({
      answer: { rule: 'all', steps: [{ do: 'reply', message: { msgType: 'text', content: '您好 林' } }] },
      rules: [
        { rule: 'refund', verdict: 'no_match', reasons: [{ path: 'when.text.contains' }] },
        { rule: 'all', verdict: 'answers', reasons: [] },
      ],
    })
    expect(await test({ message: { msgType: 'text', content: '退款' } })).toMatchObject({
      answer: { rule: 'refund', steps: [{ do: 'reply' }, { do: 'handoff', reason: 'refund' }] },
      rules: [{ verdict: 'answers' }, { verdict: 'too_late' }],
    })
    // Rules may be tried before they are saved.
    expect(await test({ message: { msgType: 'image' }, rules: [] })).toEqual({ answer: null, rules: [] })
    expect(await test({ message: { msgType: 'event', event: 'user_enter_tempsession' } })).toMatchObject({
      answer: null,
    })
  })
})

describe('the rest of the API', () => {
  it('examines the service', async () => {
    const report = await api.ok('GET /doctor')
    expect(report).toMatchObject({ findings: expect.arrayContaining([]) as unknown })
    expect(JSON.stringify(report)).not.toContain(planted.WECHAT_APP_SECRET)
  })

  it('gives customers names and remarks', async () => {
    await service.emulator.user('oLin').sends('在吗')
    const id = await conversationOf('oLin')
    const { contact } = await api.get(conversationView, 'GET /conversations/:id', { params: { id } })
    const change = (body: object) => api.ok('PATCH /contacts/:id', { params: { id: contact.id }, body })
    expect(await change({ name: ' 林女士 ', remark: '大客户' })).toMatchObject({
      name: '林女士',
      remark: '大客户',
    })
    expect(await change({ remark: '' })).toMatchObject({ name: '林女士', remark: null })
    expect(await change({ name: null })).toMatchObject({ name: null, remark: null })
    expect(await api.call('PATCH /contacts/:id', { params: { id: 999_999 }, body: {} })).toMatchObject({
      status: 404,
    })
  })

  it('is described by OpenAPI 3.1, each route once, each reference met', async () => {
    const document = await api.ok('GET /openapi.json')
    const text = JSON.stringify(document)
    const { paths, components, openapi } = document as {
      openapi: string
      paths: Record<
        string,
        Record<
          string,
          { operationId: string; parameters?: { name: string; in: string }[]; responses: object }
        >
      >
      components: { schemas: Record<string, object> }
    }
    expect(openapi).toBe('3.1.0')
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
    )
    const ids = operations.map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { path, parameters = [], responses } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      expect(parameters.filter((each) => each.in === 'path').map(({ name }) => name)).toEqual(inPath)
      expect(responses).toHaveProperty('default')
    }
    for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g))
      expect(components.schemas).toHaveProperty(name)
    expect(text).not.toContain('$defs')
    // What every route may answer has what pages make words from.
    expect(components.schemas['Error']).toHaveProperty('properties.error.properties.params.type', 'object')
    expect(components.schemas['Error']).toHaveProperty('properties.error.required', ['code', 'message'])
  })
})
