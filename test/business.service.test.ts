import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UserHandle } from '../src/emulator/index.js'
import { ApiClient } from './support/api-client.js'
import { startTestService, type TestService } from './support/test-service.js'

const key = 'a-key-of-the-tests-0123456789'
const waiting = { timeout: 20_000, interval: 20 }
let service: TestService
let api: ApiClient
let customers = 0

interface Conversation {
  id: number
  openId: string
  businessId: string | null
  replyProblem: string | null
  status: string
}
interface Message {
  direction: string
  line?: string
  reason?: string
  content?: string
}

beforeAll(async () => {
  service = await startTestService({ KEFU_API_KEY: key })
  api = new ApiClient(service.url, key)
  const rules = [
    { name: 'welcome', when: { event: 'user_enter_tempsession' }, then: [{ reply: { text: '您好' } }] },
    {
      name: 'official',
      when: { text: { equals: ['官方'] } },
      then: [{ reply: { text: '正在转接' } }, { transfer: true }],
    },
    { name: 'quiet', when: { text: { equals: ['收到'] } }, then: [] },
    { name: 'echo', when: { text: { matches: '^问(.*)$' } }, then: [{ reply: { text: '答{{match.1}}' } }] },
  ]
  expect((await api.call('PUT /rules', { body: { rules } })).status).toBe(200)
}, 60_000)
afterAll(() => service.close())

const customer = (): UserHandle => service.emulator.user(`oBusiness${++customers}`)
async function conversationsOf({ openId }: UserHandle): Promise<Conversation[]> {
  const { body } = await api.call('GET /conversations', { query: { q: openId } })
  return (body as { items: Conversation[] }).items.filter((each) => each.openId === openId)
}
async function only(user: UserHandle, businessId: string | null): Promise<Conversation> {
  await expect
    .poll(async () => (await conversationsOf(user)).map((each) => each.businessId), waiting)
    .toContain(businessId)
  const found = (await conversationsOf(user)).find((each) => each.businessId === businessId)
  if (!found) throw new Error('no such conversation')
  return found
}
async function linesOf({ id }: Conversation): Promise<Message[]> {
  const { body } = await api.call('GET /conversations/:id/messages', { params: { id } })
  return (body as { items: Message[] }).items
}
const send = (id: number, clientId = `c${id}-${Math.random()}`) =>
  api.call('POST /conversations/:id/messages', {
    params: { id },
    body: { clientId, message: { msgType: 'text', content: '人工回复' } },
  })

describe('a customer who writes to a sub-merchant', { timeout: 60_000 }, () => {
  it('is handed to people with that reason, and nobody can reply', async () => {
    const user = customer()
    expect(await user.sends('问一', { businessId: 1 })).toMatchObject({ answer: 'success' })
    const conversation = await only(user, '1')
    await expect.poll(async () => (await only(user, '1')).status, waiting).toBe('waiting')
    expect(conversation).toMatchObject({ replyProblem: 'business' })
    const lines = await linesOf(conversation)
    expect(lines.find(({ line }) => line === 'handoff')).toMatchObject({ reason: 'business' })
    expect(lines.filter(({ direction }) => direction === 'outgoing')).toEqual([])
    expect(await send(conversation.id)).toMatchObject({
      status: 409,
      error: { code: 'business_conversation' },
    })
    expect(user.messages.filter(({ from }) => from === 'service')).toEqual([])
  })

  it('has another conversation with the Mini Program itself, which is answered as ever', async () => {
    const user = customer()
    await user.sends('问一')
    expect(await user.receivesText()).toBe('答一')
    await user.sends('问二', { businessId: 1 })
    await user.sends('问三', { businessId: 2 })
    const own = await only(user, null)
    const [first, second] = [await only(user, '1'), await only(user, '2')]
    expect(new Set([own.id, first.id, second.id]).size).toBe(3)
    expect(own.replyProblem).toBeNull()
    expect((await send(own.id)).status).toBe(201)
    expect(await user.receivesText()).toBe('人工回复')
    await user.sends('问四')
    expect(await user.receivesText()).toBe('答四')
    expect((await linesOf(first)).flatMap(({ content }) => content ?? [])).toEqual(['问二'])
    expect(await send(first.id)).toMatchObject({ status: 409 })
  })

  it('can be transferred to WeChat’s own tool, without the words that can’t be said', async () => {
    const user = customer()
    expect(await user.sends('官方', { businessId: 1 })).toMatchObject({ answer: 'transfer' })
    expect(user.messages.filter(({ from }) => from === 'service')).toEqual([])
    const lines = await linesOf(await only(user, '1'))
    expect(lines.some(({ line }) => line === 'transferred')).toBe(true)
    expect(lines.some(({ line }) => line === 'handoff')).toBe(false)
  })

  it('is not answered on entering, and a rule that stays silent does', async () => {
    const user = customer()
    await user.enters({ businessId: 3 })
    await user.sends('收到', { businessId: 3 })
    await expect.poll(async () => (await linesOf(await only(user, '3'))).length, waiting).toBeGreaterThan(1)
    expect(user.messages.filter(({ from }) => from === 'service')).toEqual([])
  })

  it('of whatever shape the number is', async () => {
    const user = customer()
    for (const [index, id] of ['{"a":1}', '[1]', 'true', '" #\\u0000 "'].entries()) {
      const head = `"ToUserName":"gh_1","FromUserName":"${user.openId}","CreateTime":${Math.floor(Date.now() / 1000)}`
      const plaintext = `{${head},"MsgType":"text","Content":"问${index}","MsgId":${index + 1},"BusinessId":${id}}`
      expect(await user.pushesRaw(plaintext)).toMatchObject({ answer: 'success' })
    }
    // A list or a structure says nothing certain: those pushes are in the list of the unreadable, in nobody's session.
    await expect.poll(async () => (await conversationsOf(user)).length, waiting).toBe(2)
    for (const conversation of await conversationsOf(user)) expect(conversation.replyProblem).toBe('business')
    expect(user.messages.filter(({ from }) => from === 'service')).toEqual([])
  })

  it('is erased whole', async () => {
    const user = customer()
    await user.sends('问一')
    await user.sends('问二', { businessId: 1 })
    await only(user, null)
    const { id } = await only(user, '1')
    const { body } = await api.call('GET /conversations/:id', { params: { id } })
    const { contact } = body as { contact: { id: number } }
    expect((await api.call('DELETE /contacts/:id', { params: { id: contact.id } })).status).toBe(204)
    expect(await conversationsOf(user)).toEqual([])
  })
})
