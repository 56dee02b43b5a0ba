import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { conversationView } from '../src/desk/schemas/conversation-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { ApiClient } from './support/api-client.js'
import { addAgent, signIn } from './support/desk-agent.js'
import { EventReader } from './support/event-reader.js'
import { startTestService } from './support/test-service.js'
import { makeStore } from './stores.js'

const key = 'a-key-of-the-live-test-0123456789'
const patient = { timeout: 15_000 }

describe('the desk in two processes on one PostgreSQL', () => {
  it('knows a session in both, ends it in both, and tells each what happens in the other', async () => {
    const database = await makeStore('postgres')
    const shared = {
      KEFU_API_KEY: key,
      DATABASE_URL: database.url,
      KEFU_SECRET_KEY: randomBytes(32).toString('base64'),
    }
    const one = await startTestService(shared)
    const two = await startTestService({ ...shared, WECHAT_API_URL: one.emulator.url })
    const readers: EventReader[] = []
    try {
      for (const name of ['lin', 'wang']) await addAgent(one, name)
      const [lin, wang] = [await signIn(one.url, 'lin'), await signIn(one.url, 'wang')]
      const stream = await EventReader.open(two.url, { headers: { cookie: wang.cookie, origin: two.url } })
      readers.push(stream)
      await one.emulator.user('oA').sends('在吗')
      const program = new ApiClient(two.url, key)
      let id = 0
      await expect
        .poll(async () => {
          const { items } = await program.get(listOf(conversationView), 'GET /conversations')
          id = items[0]?.id ?? 0
          return id
        }, patient)
        .toBeGreaterThan(0)
      await lin.api.ok('POST /conversations/:id/presence', { params: { id }, body: { typing: true } })
      await expect
        .poll(() => stream.events.findLast(({ event }) => event === 'presence')?.data, patient)
        .toEqual({ conversationId: id, agents: [{ id: lin.id, name: 'lin', typing: true }] })
      await lin.api.ok('POST /conversations/:id/take', { params: { id } })
      await expect
        .poll(
          () => stream.events.map(({ data }) => (data as { message?: { line?: string } }).message?.line),
          patient,
        )
        .toContain('take')
      await new ApiClient(one.url, key).ok('PATCH /agents/:id', {
        params: { id: wang.id },
        body: { disabled: true },
      })
      await stream.ended
      await expect(EventReader.open(two.url, { headers: { cookie: wang.cookie } })).rejects.toThrow('401')
    } finally {
      for (const reader of readers) await reader.close()
      await two.close()
      await one.close()
      await database.remove()
    }
  })
})
