import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { agentView } from '../src/people/schemas/agent-view.js'
import { auditView } from '../src/people/schemas/audit-view.js'
import { conversationView } from '../src/desk/schemas/conversation-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { openStore } from '../src/store/index.js'
import { ApiClient } from './support/api-client.js'
import { addAgent, deskPassword, signIn, type DeskAgent } from './support/desk-agent.js'
import { EventReader } from './support/event-reader.js'
import { startTestService, type TestService } from './support/test-service.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'

const key = 'a-key-of-the-live-test-0123456789'
const patient = { timeout: 15_000 }

describe.each(await storeKinds())('the desk, live, on %s', (kind) => {
  let database: TestStore
  let service: TestService
  let program: ApiClient
  const readers: EventReader[] = []

  beforeEach(async () => {
    database = await makeStore(kind)
    await database.store.close()
    service = await startTestService({ KEFU_API_KEY: key, DATABASE_URL: database.url })
    program = new ApiClient(service.url, key)
  })
  afterEach(async () => {
    for (const reader of readers.splice(0)) await reader.close()
    await service.close()
    await openStore(database.url).then((store) => store.close())
    await database.remove()
  })

  async function follow({ headers }: Pick<DeskAgent, 'headers'>): Promise<EventReader> {
    const reader = await EventReader.open(service.url, { headers })
    readers.push(reader)
    return reader
  }
  const last = (reader: EventReader, event: string): unknown =>
    reader.events.findLast((each) => each.event === event)?.data
  async function join(name: string): Promise<DeskAgent> {
    await addAgent(service, name)
    return signIn(service.url, name)
  }
  /** A customer's conversation, waiting for people. */
  async function waiting(openId: string): Promise<number> {
    await service.emulator.user(openId).sends('在吗')
    let id = 0
    await expect
      .poll(async () => {
        const { items } = await program.get(listOf(conversationView), 'GET /conversations', {
          query: { status: 'waiting' },
        })
        id = items.find((each) => each.openId === openId)?.id ?? 0
        return id
      }, patient)
      .toBeGreaterThan(0)
    return id
  }
  const agents = async () => (await program.get(listOf(agentView), 'GET /agents')).items

  it('closes the stream of an agent who is disabled, at once, and lets no other begin', async () => {
    const [lin, wang] = [await join('lin'), await join('wang')]
    const [stream, other] = [await follow(lin), await follow(wang)]
    await program.ok('PATCH /agents/:id', { params: { id: lin.id }, body: { disabled: true } })
    await stream.ended
    await expect(follow(lin)).rejects.toThrow('401')
    await waiting('oA')
    await expect.poll(() => other.events.map(({ event }) => event), patient).toContain('message')
  })

  it('closes the streams of a session that signs out, and of a password that is reset', async () => {
    const [one, other] = [await join('lin'), await signIn(service.url, 'lin')]
    const [first, second] = [await follow(one), await follow(other)]
    await one.api.ok('DELETE /session')
    await first.ended
    await program.ok('POST /agents/:id/password', {
      params: { id: one.id },
      body: { password: `${deskPassword}!` },
    })
    await second.ended
  })

  it('lets no other site’s page follow with an agent’s cookie', async () => {
    const { cookie } = await join('lin')
    for (const headers of [
      { cookie, origin: 'https://evil.example' },
      { cookie, 'sec-fetch-site': 'cross-site' },
    ])
      await expect(EventReader.open(service.url, { headers })).rejects.toThrow('403')
  })

  it('tells colleagues who is there, and what they chose to be', async () => {
    const [lin, wang] = [await join('lin'), await join('wang')]
    const stream = await follow(wang)
    expect((await agents()).find(({ id }) => id === lin.id)).toMatchObject({
      online: false,
      status: 'online',
    })
    const page = await follow(lin)
    await expect
      .poll(async () => (await agents()).find(({ id }) => id === lin.id)?.online, patient)
      .toBe(true)
    const before = stream.events.filter(({ event }) => event === 'agents').length
    await lin.api.ok('PUT /session/status', { body: { status: 'busy' } })
    await expect
      .poll(() => stream.events.filter(({ event }) => event === 'agents').length, patient)
      .toBeGreaterThan(before)
    expect((await agents()).find(({ id }) => id === lin.id)).toMatchObject({ status: 'busy', online: true })
    await page.close()
  })

  it('tells who looks at a conversation, who types, and who has left', async () => {
    const id = await waiting('oA')
    const [lin, wang] = [await join('lin'), await join('wang')]
    const stream = await follow(wang)
    const page = await follow(lin)
    const here = (typing: boolean) => ({ conversationId: id, agents: [{ id: lin.id, name: 'lin', typing }] })
    await lin.api.ok('POST /conversations/:id/presence', { params: { id }, body: { typing: true } })
    await expect.poll(() => last(stream, 'presence'), patient).toEqual(here(true))
    await lin.api.ok('POST /conversations/:id/presence', { params: { id }, body: { typing: false } })
    await expect.poll(() => last(stream, 'presence'), patient).toEqual(here(false))
    const other = await waiting('oB')
    await lin.api.ok('POST /conversations/:id/presence', { params: { id: other }, body: { typing: false } })
    await expect
      .poll(
        () =>
          stream.events
            .filter(({ event }) => event === 'presence')
            .slice(-2)
            .map(({ data }) => data),
        patient,
      )
      .toEqual([
        { conversationId: id, agents: [] },
        { conversationId: other, agents: [{ id: lin.id, name: 'lin', typing: false }] },
      ])
    await page.close()
    await expect.poll(() => last(stream, 'presence'), patient).toEqual({ conversationId: other, agents: [] })
  })

  it('tells an agent nothing of Mini Programs that are not theirs', async () => {
    const [lin, wang] = [await join('lin'), await join('wang')]
    await program.ok('PATCH /agents/:id', { params: { id: wang.id }, body: { apps: ['wx-other'] } })
    const [inScope, outside] = [await follow(lin), await follow(await signIn(service.url, 'wang'))]
    const id = await waiting('oA')
    await lin.api.ok('POST /conversations/:id/presence', { params: { id }, body: { typing: true } })
    await expect.poll(() => last(inScope, 'presence'), patient).toBeDefined()
    await lin.api.ok('PUT /session/status', { body: { status: 'busy' } })
    await expect.poll(() => last(outside, 'agents'), patient).toBeDefined()
    expect(outside.events.map(({ event }) => event).filter((event) => event !== 'agents')).toEqual([])
  })

  it('gives a conversation that fifty take at once to one of them', async () => {
    const id = await waiting('oA')
    const { epoch } = await program.get(conversationView, 'GET /conversations/:id', { params: { id } })
    const staff: DeskAgent[] = []
    for (const name of ['a', 'b', 'c', 'd', 'e']) staff.push(await join(`agent-${name}`))
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const agent = staff[i % staff.length]!
        const { status } = await agent.api.call('POST /conversations/:id/take', {
          params: { id },
          body: { epoch },
        })
        return { status, agent }
      }),
    )
    const winners = answers.filter(({ status }) => status === 200)
    expect(winners).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(49)
    const view = await program.get(conversationView, 'GET /conversations/:id', { params: { id } })
    expect(view.agent?.id).toBe(winners[0]?.agent.id)
  })

  it('writes down who took a conversation from a colleague, and refuses whom it can’t be given to', async () => {
    const id = await waiting('oA')
    const [lin, wang] = [await join('lin'), await join('wang')]
    const taken = await lin.api.get(conversationView, 'POST /conversations/:id/take', { params: { id } })
    await wang.api.ok('POST /conversations/:id/take', { params: { id }, body: { epoch: taken.epoch } })
    const { items } = await program.get(listOf(auditView), 'GET /audit', { query: { action: 'take_over' } })
    expect(items).toMatchObject([
      {
        actor: `agent:${wang.id}`,
        actorName: 'wang',
        target: `conversation:${id}`,
        detail: { from: lin.id, to: wang.id },
      },
    ])
    await program.ok('PATCH /agents/:id', { params: { id: lin.id }, body: { disabled: true } })
    const assign = (agentId: number) =>
      wang.api.call('POST /conversations/:id/assign', { params: { id }, body: { agentId } })
    expect((await assign(lin.id)).status).toBe(422)
    expect((await assign(9999)).status).toBe(422)
    const other = await join('other')
    await program.ok('PATCH /agents/:id', { params: { id: other.id }, body: { apps: ['wx-other'] } })
    expect((await assign(other.id)).status).toBe(422)
  })
})
