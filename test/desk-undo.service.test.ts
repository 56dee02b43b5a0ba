import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { conversationView } from '../src/desk/schemas/conversation-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { messageView } from '../src/desk/schemas/message-view.js'
import { callControl } from '../src/server/control-client.js'
import { limits } from '../src/wechat/index.js'
import { ApiClient } from './support/api-client.js'
import { addAgent, signIn, type DeskAgent } from './support/desk-agent.js'
import { EventReader } from './support/event-reader.js'
import { startHookReceiver, type HookReceiver } from './support/hook-receiver.js'
import { startTestService, type TestService } from './support/test-service.js'

const key = 'a-key-of-the-undo-test-0123456789'
const patient = { timeout: 20_000 }
let service: TestService
let hooks: HookReceiver
let program: ApiClient
let lin: DeskAgent
let mo: DeskAgent
/** What the service's clock is ahead. */
let ahead = 0

beforeAll(async () => {
  hooks = await startHookReceiver()
  service = await startTestService(
    { KEFU_API_KEY: key, KEFU_ALLOW_PRIVATE_HOOKS: 'loopback' },
    { now: () => Date.now() + ahead },
  )
  await callControl(service.config.dataDir, 'import-rules', {
    rules: [
      { name: 'human', when: { text: { contains: ['人工'] } }, then: [{ handoff: 'human' }] },
      { name: 'echo', when: {}, then: [{ reply: { text: '机器人答' } }] },
    ],
  })
  program = new ApiClient(service.url, key)
  for (const name of ['lin', 'mo']) await addAgent(service, name)
  lin = await signIn(service.url, 'lin')
  mo = await signIn(service.url, 'mo')
  await program.ok('POST /webhooks', { body: { url: hooks.url } })
})
afterAll(async () => {
  await service.close()
  await hooks.close()
})

const view = (id: number) => program.get(conversationView, 'GET /conversations/:id', { params: { id } })

/** A customer who wrote, was answered by the bot, and was taken by lin. */
async function taken(openId: string): Promise<number> {
  await service.emulator.user(openId).sends('在吗')
  let id = 0
  await expect
    .poll(async () => {
      const { items } = await program.get(listOf(conversationView), 'GET /conversations', {
        query: { q: openId },
      })
      id = items.find((each) => each.openId === openId)?.id ?? 0
      return id
    }, patient)
    .toBeGreaterThan(0)
  await lin.api.ok('POST /conversations/:id/take', { params: { id } })
  return id
}
const act = (who: DeskAgent, id: number, what: 'close' | 'release') =>
  who.api.get(conversationView, `POST /conversations/:id/${what}`, { params: { id } })
const undo = (who: ApiClient, id: number, epoch: number) =>
  who.call('POST /conversations/:id/undo', { params: { id }, body: { epoch } })

describe('undoing a close or release', () => {
  it.each(['close', 'release'] as const)(
    'of a %s gives it back to who did it, though the customer wrote and the bot answered',
    async (what) => {
      const id = await taken(`oUndo-${what}`)
      const left = await act(lin, id, what)
      await service.emulator.user(`oUndo-${what}`).sends('还有一个问题')
      await expect.poll(async () => (await view(id)).lastMessage?.author, patient).toBe('rule:echo')
      const answer = await undo(lin.api, id, left.epoch)
      expect(answer.status).toBe(200)
      expect(answer.body).toMatchObject({ status: 'assigned', agent: { id: lin.id } })
      // Webhooks tell both.
      const told = () =>
        hooks.received.filter(
          ({ data, type }) =>
            (data['conversation'] as { id: number }).id === id &&
            /^conversation\.(closed|released|assigned)$/.test(type),
        )
      await expect
        .poll(() => told().map(({ type }) => type), patient)
        .toEqual([
          'conversation.assigned',
          what === 'close' ? 'conversation.closed' : 'conversation.released',
          'conversation.assigned',
        ])
      expect(told().at(-1)?.data['message']).toMatchObject({ line: 'undo', agentId: lin.id })
    },
  )

  it('is refused to others, after somebody acted, and after its time', async () => {
    const id = await taken('oUndoRefused')
    let { epoch } = await act(lin, id, 'close')
    expect((await undo(mo.api, id, epoch)).status).toBe(403)
    expect((await undo(program, id, epoch)).status).toBe(403)
    await mo.api.ok('POST /conversations/:id/take', { params: { id } })
    const late = await undo(lin.api, id, epoch)
    expect([late.status, late.error.code]).toEqual([409, 'not_possible'])
    expect(await view(id)).toMatchObject({ agent: { id: mo.id } })
    ;({ epoch } = await act(mo, id, 'release'))
    ahead += 8500
    expect((await undo(mo.api, id, epoch)).status).toBe(409)
    expect((await view(id)).status).toBe('bot')
  })

  it('leaves reopen as it is for programs: it waits for a person', async () => {
    const id = await taken('oReopen')
    await act(lin, id, 'close')
    const reopened = await program.get(conversationView, 'POST /conversations/:id/reopen', { params: { id } })
    expect(reopened).toMatchObject({ status: 'waiting', agent: null })
  })
})

describe('tags', () => {
  it('are put on and taken off one by one, by two at once; PUT still sets them all', async () => {
    const id = await taken('oTags')
    const patch = (who: DeskAgent, body: object) =>
      who.api.call('PATCH /conversations/:id/tags', { params: { id }, body })
    await Promise.all([
      patch(lin, { add: ['退款'] }),
      patch(lin, { add: ['发票'] }),
      patch(mo, { add: ['加急'] }),
    ])
    expect([...(await view(id)).contact.tags].sort()).toEqual(['加急', '发票', '退款'].sort())
    await Promise.all([patch(lin, { remove: ['退款'] }), patch(mo, { add: ['老客户'], remove: ['发票'] })])
    expect([...(await view(id)).contact.tags].sort()).toEqual(['加急', '老客户'].sort())
    expect((await patch(lin, { add: ['同一个'], remove: ['同一个'] })).status).toBe(422)
    expect((await patch(lin, { add: [' 有空格'] })).status).toBe(422)
    expect((await patch(lin, {})).status).toBe(200)
    await program.ok('PUT /conversations/:id/tags', { params: { id }, body: { tags: ['只有这个'] } })
    expect((await view(id)).contact.tags).toEqual(['只有这个'])
  })
})

describe('the order of what happens', () => {
  it('is the sequence’s, also while the service’s clock goes back ten minutes', async () => {
    const id = await taken('oClock')
    const customer = service.emulator.user('oClock')
    const events = await EventReader.open(service.url, { key })
    const before = await view(id)
    try {
      ahead -= 600_000
      await customer.sends('时钟回拨之后')
      await expect.poll(async () => (await view(id)).unread, patient).toBeGreaterThan(before.unread)
      const after = await view(id)
      expect(after.updatedAt).toBeLessThan(before.updatedAt)
      expect(after.sequence).toBeGreaterThan(before.sequence)
      const reply = { clientId: 'c1', message: { msgType: 'text', content: '收到' } }
      await lin.api.ok('POST /conversations/:id/messages', { params: { id }, body: reply })
      await expect
        .poll(
          () =>
            events.events
              .map(({ data }) => (data as { conversation?: { id: number; sequence: number } }).conversation)
              .filter((each) => each?.id === id).length,
          patient,
        )
        .toBeGreaterThan(1)
      // Each event's state is at least as late as the event, so a page that goes by it misses nothing.
      for (const { id: sequence, data } of events.events) {
        const { conversation } = data as { conversation?: { sequence: number } }
        if (conversation) expect(conversation.sequence).toBeGreaterThanOrEqual(Number(sequence))
      }
      // A colleague who takes it is not told that somebody has just done so.
      await mo.api.ok('POST /conversations/:id/take', { params: { id } })
    } finally {
      ahead += 600_000
      await events.close()
    }
  })

  it('has come back from WeChat’s tool who writes here again, whatever the clock says', async () => {
    await callControl(service.config.dataDir, 'import-rules', {
      rules: [
        { name: 'official', when: { text: { equals: ['官方客服'] } }, then: [{ transfer: true }] },
        { name: 'echo', when: {}, then: [{ reply: { text: '机器人答' } }] },
      ],
    })
    const customer = service.emulator.user('oTransfer')
    await customer.sends('官方客服')
    const find = async () =>
      (await program.get(listOf(conversationView), 'GET /conversations', { query: { q: 'oTransfer' } }))
        .items[0]
    await expect.poll(async () => (await find())?.transferredAt ?? null, patient).not.toBeNull()
    // WeChat’s own agents are done with the customer.
    service.emulator.advance(limits.officialSessionSeconds * 1000 + 1)
    ahead -= 600_000
    try {
      await customer.sends('我回来了')
      await expect.poll(async () => (await find())?.transferredAt ?? null, patient).toBeNull()
    } finally {
      ahead += 600_000
    }
  })
})

describe('a number of another database', () => {
  it('brings a reset, whatever it is', async () => {
    const { databaseId } = lin.session
    const open = (database: string) =>
      EventReader.open(service.url, { headers: lin.headers, after: `1&database=${database}` })
    const here = await open(databaseId)
    const elsewhere = await open('another-database')
    expect(elsewhere.events.map(({ event }) => event)).toEqual(['reset'])
    expect(here.events.map(({ event }) => event)).not.toContain('reset')
    await here.close()
    await elsewhere.close()
  })
})

it('a system line of an assignment says who handed it over, and to whom', async () => {
  const id = await taken('oHandedOver')
  await lin.api.ok('POST /conversations/:id/assign', { params: { id }, body: { agentId: mo.id } })
  const { items } = await mo.api.get(listOf(messageView), 'GET /conversations/:id/messages', {
    params: { id },
  })
  expect(items[0]).toMatchObject({
    line: 'assign',
    agentId: lin.id,
    authorName: 'lin',
    to: mo.id,
    toName: 'mo',
  })
})
