import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { conversationView } from '../src/desk/schemas/conversation-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { messageView } from '../src/desk/schemas/message-view.js'
import type { UserHandle } from '../src/emulator/index.js'
import { ApiClient } from './support/api-client.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'
import { startTestService, type TestService } from './support/test-service.js'

const apiKey = 'a-key-of-the-api-test-0123456789'
const conversations = listOf(conversationView)
const messages = listOf(messageView)
let service: TestService
let api: ApiClient

async function start(environment: Record<string, string> = {}): Promise<void> {
  service = await startTestService({ KEFU_API_KEY: apiKey, ...environment })
  api = new ApiClient(service.url, apiKey)
}

/** A customer who wrote, and their conversation, which waits for people. */
async function waiting(openId: string, text = '在吗'): Promise<{ customer: UserHandle; id: number }> {
  const customer = service.emulator.user(openId)
  await customer.sends(text)
  let id = 0
  await expect
    .poll(
      async () => {
        const { items } = await api.get(conversations, 'GET /conversations')
        id = items.find((each) => each.openId === openId)?.id ?? 0
        return id
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(0)
  return { customer, id }
}

describe.each(await storeKinds())('conversations by the API on %s', (kind) => {
  let database: TestStore
  beforeEach(async () => {
    database = await makeStore(kind)
    await database.store.close()
    await start({ DATABASE_URL: database.url })
  })
  afterEach(async () => {
    await service.close()
    await database.reopen()
    await database.remove()
  })

  it('are listed newest first, page by page', async () => {
    for (const openId of ['oA', 'oB', 'oC']) await waiting(openId)
    const first = await api.get(conversations, 'GET /conversations', { query: { limit: 2 } })
    expect(first.items.map((each) => each.openId)).toEqual(['oC', 'oB'])
    const second = await api.get(conversations, 'GET /conversations', {
      query: { limit: 2, cursor: first.next ?? '' },
    })
    expect(second).toMatchObject({ items: [{ openId: 'oA' }], next: null })
  })

  it('carry what the desk shows', async () => {
    const { id } = await waiting('oLin', '你好')
    const view = await api.get(conversationView, 'GET /conversations/:id', { params: { id } })
    expect(view).toMatchObject({
      id,
      openId: 'oLin',
      status: 'waiting',
      agent: null,
      allowance: { remaining: 5, source: 'message', corrected: false, limit: 5 },
      unread: 1,
      failed: false,
      transferredAt: null,
    })
    // What was said last, not that it was handed off.
    expect(view.lastMessage).toMatchObject({ direction: 'incoming', content: '你好' })
    expect(view.waitingSince).toBeGreaterThan(0)
  })

  it('are filtered by status, agent and Mini Program', async () => {
    await waiting('oA')
    const { id } = await waiting('oB')
    await api.ok('POST /conversations/:id/close', { params: { id } })
    const openIds = async (query: Record<string, string>) =>
      (await api.get(conversations, 'GET /conversations', { query })).items.map((each) => each.openId)
    expect(await openIds({ status: 'waiting' })).toEqual(['oA'])
    expect(await openIds({ status: 'closed' })).toEqual(['oB'])
    expect(await openIds({ status: 'waiting,closed' })).toEqual(['oB', 'oA'])
    expect(await openIds({ agent: 'none' })).toEqual(['oB', 'oA'])
    expect(await openIds({ agent: '7' })).toEqual([])
    expect(await openIds({ app: 'wx-other' })).toEqual([])
    expect(await openIds({ q: '在吗' })).toEqual(['oB', 'oA'])
    expect(await openIds({ q: '吗', status: 'waiting' })).toEqual(['oA'])
    expect(await openIds({ q: 'oa' })).toEqual(['oA'])
    expect(await openIds({ q: '不在' })).toEqual([])
    expect(await api.ok('GET /counts')).toEqual({ waiting: 1, mine: 0, bot: 0, all: 1 })
  })

  it('are filtered by tag, source, failed sends and time left, and say what they can’t be filtered by', async () => {
    const { customer, id } = await waiting('oA')
    await waiting('oB')
    await customer.enters({ sessionFrom: 'page=home&from=分享' })
    await api.ok('PUT /conversations/:id/tags', { params: { id }, body: { tags: ['vip'] } })
    service.emulator.faults.add({ errcode: 40003, path: '/cgi-bin/message/custom/send' })
    await api.ok('POST /conversations/:id/messages', {
      params: { id },
      body: { clientId: 'c-1', message: { msgType: 'text', content: '您好' } },
    })
    const openIds = async (query: Record<string, string>) =>
      (await api.get(conversations, 'GET /conversations', { query })).items.map((each) => each.openId)
    await expect.poll(() => openIds({ failed: 'true' })).toEqual(['oA'])
    expect(await openIds({ failed: 'false' })).toEqual(['oB'])
    await expect.poll(() => api.ok('GET /sources')).toEqual({ items: ['page=home&from=分享'], next: null })
    expect(await openIds({ source: 'page=home&from=分享' })).toEqual(['oA'])
    expect(await openIds({ source: 'page=home' })).toEqual([])
    expect(await openIds({ sourceKey: 'page' })).toEqual(['oA'])
    expect(await openIds({ sourceKey: 'from', sourceValue: '分享' })).toEqual(['oA'])
    expect(await openIds({ sourceKey: 'from', sourceValue: '分' })).toEqual([])
    expect(await openIds({ sourceKey: 'home' })).toEqual([])
    expect(await openIds({ tag: 'vip' })).toEqual(['oA'])
    expect(await openIds({ tag: 'vip', failed: 'true', q: '在吗', status: 'waiting' })).toEqual(['oA'])
    expect(await openIds({ expiring: '6' })).toEqual([])
    expect((await openIds({ expiring: '48', sort: 'expiring' })).sort()).toEqual(['oA', 'oB'])
    // One has an answer, and waits no more.
    expect(await openIds({})).toEqual(['oA', 'oB'])
    expect(await openIds({ sort: 'waiting' })).toEqual(['oB', 'oA'])
    for (const query of [
      { sourceValue: 'x' },
      { failed: 'yes' },
      { expiring: '49' },
      { sort: 'size' },
      { cursor: '1.2.3' },
    ])
      expect(await api.call('GET /conversations', { query })).toMatchObject({
        status: 400,
        body: {
          error: { message: expect.stringContaining(`${Object.keys(query)[0] ?? ''}: must be`) as string },
        },
      })
  })

  it('show their messages newest first, with the content in WeChat’s words', async () => {
    const { customer, id } = await waiting('oLin', '一')
    await customer.sends('二')
    await expect
      .poll(
        async () =>
          (await api.get(messages, 'GET /conversations/:id/messages', { params: { id } })).items.length,
      )
      .toBe(3)
    const first = await api.get(messages, 'GET /conversations/:id/messages', {
      params: { id },
      query: { limit: 2 },
    })
    expect(first.items[0]).toMatchObject({
      direction: 'incoming',
      author: 'contact',
      state: null,
      msgType: 'text',
      content: '二',
    })
    const { items, next } = await api.get(messages, 'GET /conversations/:id/messages', {
      params: { id },
      query: { before: first.next ?? '' },
    })
    expect(items).toMatchObject([{ content: '一' }])
    expect(next).toBeNull()
  })

  it('take a message, once for a clientId, and bring it to the customer', async () => {
    const { customer, id } = await waiting('oLin')
    const body = { clientId: 'c-1', message: { msgType: 'text', content: '您好' } }
    const sent = await api.call('POST /conversations/:id/messages', { params: { id }, body })
    expect(sent).toMatchObject({
      status: 201,
      body: { direction: 'outgoing', author: 'api', content: '您好' },
    })
    expect((await customer.receives()).content).toMatchObject({ content: '您好' })
    const again = await api.get(messageView, 'POST /conversations/:id/messages', { params: { id }, body })
    expect(again.id).toBe(messageView.parse(sent.body).id)
    await expect
      .poll(
        async () =>
          (await api.get(conversationView, 'GET /conversations/:id', { params: { id } })).allowance.remaining,
      )
      .toBe(4)
  })

  it('refuse a message that WeChat would refuse, naming the field', async () => {
    const { id } = await waiting('oLin')
    const send = (message: unknown) =>
      api.call('POST /conversations/:id/messages', { params: { id }, body: { clientId: 'c', message } })
    for (const [message, words] of [
      [{ msgType: 'text', content: ' ' }, 'message.content: must not be blank'],
      [{ msgType: 'text', content: '字'.repeat(700) }, /message.content: must be at most 2048 bytes/],
      [{ msgType: 'text' }, /message.content: is missing/],
      [
        { msgType: 'link', title: 't', description: '', url: 'javascript:1', thumbUrl: 'https://a.b' },
        /message.url/,
      ],
      [{ msgType: 'text', content: 'x', more: 1 }, /more: is not known here/],
      [{ msgType: 'voice' }, /message/],
    ] as const) {
      const answer = await send(message)
      expect(answer).toMatchObject({ status: 422, body: { error: { code: 'invalid' } } })
      expect(answer.error.message).toMatch(words)
    }
  })

  it('refuse a sixth reply until the customer writes again', async () => {
    const { id } = await waiting('oLin')
    const send = (clientId: string) =>
      api.call('POST /conversations/:id/messages', {
        params: { id },
        body: { clientId, message: { msgType: 'text', content: clientId } },
      })
    for (const clientId of ['1', '2', '3', '4', '5']) expect((await send(clientId)).status).toBe(201)
    expect(await send('6')).toMatchObject({ status: 409, body: { error: { code: 'allowance' } } })
  })

  it('change hands: released, closed, opened again', async () => {
    const { id } = await waiting('oLin')
    const params = { id }
    expect(await api.ok('POST /conversations/:id/release', { params })).toMatchObject({ status: 'bot' })
    expect(await api.ok('POST /conversations/:id/close', { params })).toMatchObject({ status: 'closed' })
    expect(await api.call('POST /conversations/:id/release', { params })).toMatchObject({
      status: 409,
      body: { error: { code: 'not_possible' } },
    })
    expect(await api.ok('POST /conversations/:id/reopen', { params })).toMatchObject({ status: 'waiting' })
  })

  it('are given only to agents that there are', async () => {
    const { id } = await waiting('oLin')
    const params = { id }
    for (const [name, body] of [
      ['take', {}],
      ['take', { agentId: 999 }],
      ['assign', { agentId: 999 }],
      ['assign', {}],
    ] as const) {
      const answer = await api.call(`POST /conversations/:id/${name}`, { params, body })
      expect(answer).toMatchObject({ status: 422, body: { error: { code: 'invalid' } } })
      expect(answer.error.message).toMatch(/^agentId: /)
    }
    // Without a body it is the same.
    expect(await api.call('POST /conversations/:id/take', { params })).toMatchObject({ status: 422 })
  })

  it('keep notes and tags', async () => {
    const { customer, id } = await waiting('oLin')
    const params = { id }
    expect(
      await api.ok('POST /conversations/:id/notes', { params, body: { content: '大客户' } }),
    ).toMatchObject({ direction: 'note', author: 'api', content: '大客户', state: null })
    for (const method of ['PUT', 'POST'])
      expect(
        await api.ok(`${method} /conversations/:id/tags`, { params, body: { tags: ['vip', method, 'vip'] } }),
      ).toMatchObject({ contact: { tags: [method, 'vip'] } })
    expect(await api.ok('PUT /conversations/:id/tags', { params, body: { tags: [] } })).toMatchObject({
      contact: { tags: [] },
    })
    expect(customer.messages.filter(({ from }) => from !== 'user')).toEqual([])
  })

  it('let people say what became of a message: retry, cancel, resolve', async () => {
    const { customer, id } = await waiting('oLin')
    const send = async (clientId: string): Promise<number> =>
      (
        await api.get(messageView, 'POST /conversations/:id/messages', {
          params: { id },
          body: { clientId, message: { msgType: 'text', content: clientId } },
        })
      ).id
    const state = async (messageId: number): Promise<unknown> =>
      (await api.get(messages, 'GET /conversations/:id/messages', { params: { id } })).items.find(
        (each) => each.id === messageId,
      )?.state
    const path = '/cgi-bin/message/custom/send'

    service.emulator.faults.add({ path, errcode: 45002, times: 1 })
    const failed = await send('failed')
    await expect.poll(() => state(failed)).toBe('failed')
    expect(await api.get(conversationView, 'GET /conversations/:id', { params: { id } })).toMatchObject({
      failed: true,
    })
    await api.ok('POST /messages/:id/retry', { params: { id: failed } })
    expect((await customer.receives()).content).toMatchObject({ content: 'failed' })

    service.emulator.faults.add({ path, reset: 'after', times: 1 })
    const unknown = await send('unknown')
    await expect.poll(() => state(unknown)).toBe('unknown')
    const resolved = await api.ok('POST /messages/:id/resolve', {
      params: { id: unknown },
      body: { state: 'accepted' },
    })
    expect(resolved).toMatchObject({ id: unknown, state: 'accepted' })
    expect(
      await api.call('POST /messages/:id/resolve', { params: { id: unknown }, body: { state: 'failed' } }),
    ).toMatchObject({ status: 409 })

    service.emulator.faults.add({ path, errcode: 45011, times: 1 })
    const late = await send('late')
    await expect.poll(() => state(late)).toBe('queued')
    await expect
      .poll(async () => (await api.call('POST /messages/:id/cancel', { params: { id: late } })).status)
      .toBe(200)
    expect(await state(late)).toBe('cancelled')
    expect(await api.call('POST /messages/:id/cancel', { params: { id: 999_999 } })).toMatchObject({
      status: 404,
    })
  })

  it('hold a message for some seconds, to be taken back; what stands behind it then leaves at once', async () => {
    const { customer, id } = await waiting('oLin')
    const send = async (clientId: string, holdSeconds?: number): Promise<z.infer<typeof messageView>> =>
      api.get(messageView, 'POST /conversations/:id/messages', {
        params: { id },
        body: {
          clientId,
          message: { msgType: 'text', content: clientId },
          ...(holdSeconds === undefined ? {} : { holdSeconds }),
        },
      })
    const before = Date.now()
    const held = await send('held', 5)
    expect(held.state).toBe('queued')
    expect(held.notBefore).toBeGreaterThanOrEqual(before + 5000)
    expect(held.notBefore).toBeLessThanOrEqual(Date.now() + 5000)
    // The same submit is held as it was.
    expect(await send('held', 1)).toMatchObject({ id: held.id, notBefore: held.notBefore })
    expect((await send('behind')).notBefore).toBeNull()
    const cancelled = await api.ok('POST /messages/:id/cancel', { params: { id: held.id } })
    expect(cancelled).toMatchObject({ state: 'cancelled', notBefore: null })
    expect((await customer.receives()).content).toMatchObject({ content: 'behind' })
    // By itself, whether anybody looks or not.
    await send('later', 1)
    expect((await customer.receives()).content).toMatchObject({ content: 'later' })
    expect(
      await api.call('POST /conversations/:id/messages', {
        params: { id },
        body: { clientId: 'long', message: { msgType: 'text', content: 'x' }, holdSeconds: 6 },
      }),
    ).toMatchObject({ status: 422 })
  })
})

describe('the API', () => {
  beforeEach(() => start())
  afterEach(() => service.close())

  it('lets nobody in without a key that it knows', async () => {
    const nobody = new ApiClient(service.url, undefined)
    expect(await nobody.call('GET /conversations')).toMatchObject({
      status: 401,
      body: { error: { code: 'unauthorized' } },
    })
    const wrong = new ApiClient(service.url, `${apiKey}x`)
    expect(await wrong.call('GET /conversations')).toMatchObject({ status: 401 })
    await service.restart()
    const none = new ApiClient(service.url, 'undefined')
    expect(await none.call('GET /conversations')).toMatchObject({ status: 401 })
  })

  it('says what is wrong with a request', async () => {
    const { id } = await waiting('oLin')
    for (const [route, call, status] of [
      ['GET /conversations/:id', { params: { id: 'x' } }, 404],
      ['GET /conversations/:id', { params: { id: 999_999 } }, 404],
      ['GET /conversations/:id/messages', { params: { id: 999_999 } }, 404],
      ['GET /conversations', { query: { limit: 201 } }, 400],
      ['GET /conversations', { query: { limit: 0 } }, 400],
      ['GET /conversations', { query: { cursor: "1' or 1" } }, 400],
      ['GET /conversations', { query: { status: 'open' } }, 400],
      ['GET /conversations', { query: { agent: 'me' } }, 400],
      ['GET /conversations', { query: { colour: 'red' } }, 400],
      ['POST /conversations/:id/notes', { params: { id }, body: '{"content":' }, 400],
      ['POST /conversations/:id/notes', { params: { id }, body: '1' }, 400],
      ['POST /conversations/:id/notes', { params: { id } }, 422],
      ['POST /conversations/:id/notes', { params: { id }, body: { content: 'x'.repeat(200_000) } }, 413],
      ['POST /conversations/:id/notes', { params: { id }, body: { content: 'x'.repeat(10_001) } }, 422],
      [
        'POST /conversations/:id/notes',
        {
          params: { id },
          body: 'content=x',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        },
        400,
      ],
    ] as const) {
      const answer = await api.call(route, call)
      expect([route, call, answer.status]).toEqual([route, call, status])
      expect(answer.error.message).toMatch(/\w/)
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    }
  })
})
