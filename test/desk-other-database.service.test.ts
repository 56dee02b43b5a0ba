import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { conversationView } from '../src/desk/schemas/conversation-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { messageView } from '../src/desk/schemas/message-view.js'
import { ApiClient } from './support/api-client.js'
import { addAgent, signIn, type DeskAgent } from './support/desk-agent.js'
import { startTestService, type TestService } from './support/test-service.js'

const key = 'a-key-of-the-database-test-0123456789'
let service: TestService
let program: ApiClient
let lin: DeskAgent
let id = 0

beforeAll(async () => {
  service = await startTestService({ KEFU_API_KEY: key })
  program = new ApiClient(service.url, key)
  await addAgent(service, 'lin')
  lin = await signIn(service.url, 'lin')
  await service.emulator.user('oDatabase').sends('在吗')
  await vi.waitFor(async () => {
    const { items } = await program.get(listOf(conversationView), 'GET /conversations')
    expect((id = items[0]?.id ?? 0)).toBeGreaterThan(0)
  })
  await lin.api.ok('POST /conversations/:id/take', { params: { id } })
})
afterAll(() => service.close())

/** A page whose numbers are of that database. */
function pageOf(databaseId: string): ApiClient {
  return new ApiClient(service.url, undefined, { ...lin.headers, 'x-kefu-database': databaseId })
}
async function written(): Promise<string[]> {
  const { items } = await program.get(listOf(messageView), 'GET /conversations/:id/messages', {
    params: { id },
  })
  return items
    .filter(({ direction }) => direction !== 'incoming' && direction !== 'system')
    .map(({ content }) => content ?? '')
}

const submits: [route: string, body: object][] = [
  [
    'POST /conversations/:id/messages',
    { clientId: 'm1', message: { msgType: 'text', content: '给从前的客户' } },
  ],
  ['POST /conversations/:id/notes', { clientId: 'n1', content: '关于从前的客户' }],
  ['POST /conversations/:id/close', {}],
  ['PATCH /conversations/:id/tags', { add: ['从前'] }],
]

it.each(submits)('%s of a page of another database is refused, and nothing is done', async (route, body) => {
  const answer = await pageOf('another').call(route, { params: { id }, body })
  expect([answer.status, answer.body]).toMatchObject([
    409,
    { error: { code: 'conflict', reason: 'other_database' } },
  ])
  expect(await written()).toEqual([])
  const view = await program.get(conversationView, 'GET /conversations/:id', { params: { id } })
  expect([view.status, view.contact.tags]).toEqual(['assigned', []])
  // No text of it is in the log.
  expect(service.log).not.toContain('从前的客户')
})

it('takes it from a page of this database, and from who names none', async () => {
  const send = async (api: ApiClient, clientId: string): Promise<number> => {
    const message = { msgType: 'text', content: clientId }
    const { status } = await api.call('POST /conversations/:id/messages', {
      params: { id },
      body: { clientId, message },
    })
    return status
  }
  expect(await send(pageOf(lin.session.databaseId), 'here')).toBeLessThan(300)
  expect(await send(lin.api, 'older-page')).toBeLessThan(300)
  expect((await written()).sort()).toEqual(['here', 'older-page'])
})
