import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { conversationView } from '../src/desk/schemas/conversation-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { messageView } from '../src/desk/schemas/message-view.js'
import { ApiClient } from './support/api-client.js'
import { addAgent, signIn, type DeskAgent } from './support/desk-agent.js'
import { png } from './support/pictures.js'
import { planted, startTestService, type TestService } from './support/test-service.js'

const key = 'a-key-of-the-submit-test-0123456789'
let service: TestService
let program: ApiClient
let boss: DeskAgent
let lin: DeskAgent

beforeAll(async () => {
  service = await startTestService({ KEFU_API_KEY: key, KEFU_ALLOW_PRIVATE_HOOKS: 'loopback' })
  program = new ApiClient(service.url, key)
  await addAgent(service, 'boss', 'admin')
  await addAgent(service, 'lin')
  boss = await signIn(service.url, 'boss')
  lin = await signIn(service.url, 'lin')
})
afterAll(() => service.close())

async function conversationOf(openId: string): Promise<number> {
  await service.emulator.user(openId).sends('在吗')
  let id = 0
  await expect
    .poll(
      async () => {
        const { items } = await program.get(listOf(conversationView), 'GET /conversations', {
          query: { q: openId },
        })
        id = items.find((each) => each.openId === openId)?.id ?? 0
        return id
      },
      { timeout: 15_000 },
    )
    .toBeGreaterThan(0)
  return id
}

async function messagesOf(id: number) {
  return (await program.get(listOf(messageView), 'GET /conversations/:id/messages', { params: { id } })).items
}

describe('a note', () => {
  it('of one clientId is written once, and its repeat is answered the same', async () => {
    const id = await conversationOf('oNoteOnce')
    const note = (content: string, clientId?: string) =>
      lin.api.get(messageView, 'POST /conversations/:id/notes', {
        params: { id },
        body: { content, ...(clientId === undefined ? {} : { clientId }) },
      })
    const answers = await Promise.all([1, 2, 3, 4].map(() => note('先别退款', 'n1')))
    expect(new Set(answers.map((each) => each.id)).size).toBe(1)
    expect(await note('先别退款', 'n1')).toEqual(answers[0])
    const other = await note('另一条', 'n2')
    expect(other.id).not.toBe(answers[0]?.id)
    // Without a name each is one of its own, as programs and older pages write them.
    const plain = await Promise.all([note('旧页面'), note('旧页面')])
    expect(plain[0].id).not.toBe(plain[1].id)
    const notes = (await messagesOf(id)).filter(({ direction }) => direction === 'note')
    expect(notes).toHaveLength(4)
  })

  it('is another thing than a message of the same clientId, and than a note elsewhere', async () => {
    const id = await conversationOf('oNoteApart')
    const elsewhere = await conversationOf('oNoteElsewhere')
    await lin.api.ok('POST /conversations/:id/take', { params: { id } })
    const sent = await lin.api.get(messageView, 'POST /conversations/:id/messages', {
      params: { id },
      body: { clientId: 'same', message: { msgType: 'text', content: '给客户' } },
    })
    const body = { clientId: 'same', content: '给同事' }
    const note = await lin.api.get(messageView, 'POST /conversations/:id/notes', { params: { id }, body })
    expect(note).toMatchObject({ direction: 'note' })
    expect(note.id).not.toBe(sent.id)
    const there = await lin.api.get(messageView, 'POST /conversations/:id/notes', {
      params: { id: elsewhere },
      body,
    })
    expect(there.id).not.toBe(note.id)
  })
})

describe('what a page makes', () => {
  /** Each POST that makes something, with a body for it; how often it was made is counted by `count`. */
  const makes: [route: string, body: () => object, list: string][] = [
    ['POST /canned-replies', () => ({ title: '退款', content: '好的' }), 'GET /canned-replies'],
    ['POST /agents', () => ({ name: `人${randomUUID().slice(0, 6)}` }), 'GET /agents'],
    ['POST /api-keys', () => ({ name: 'crm' }), 'GET /api-keys'],
    ['POST /webhooks', () => ({ url: 'http://127.0.0.1:9/' }), 'GET /webhooks'],
    [
      'POST /apps',
      () => ({
        appId: `wx${randomUUID().replaceAll('-', '').slice(0, 16)}`,
        mode: 'plain',
        appSecret: 'secret',
        token: randomUUID().replaceAll('-', ''),
      }),
      'GET /apps',
    ],
  ]

  it.each(makes)('%s is made once however often it is submitted', async (route, body, list) => {
    const count = async () => ((await boss.api.ok(list)) as { items: unknown[] }).items.length
    const before = await count()
    const submit = { body: { ...body(), clientId: randomUUID() } }
    const first = await boss.api.call(route, submit)
    expect(first.status).toBe(201)
    const again = await Promise.all([1, 2, 3].map(() => boss.api.call(route, submit)))
    for (const each of again) expect([each.status, each.body]).toEqual([201, first.body])
    expect(await count()).toBe(before + 1)
    // Over a restart too, secrets that are shown once included.
    await service.restart()
    const back = await signIn(service.url, 'boss')
    const later = await back.api.call(route, submit)
    expect([later.status, later.body]).toEqual([201, first.body])
    boss = back
    program = new ApiClient(service.url, key)
    lin = await signIn(service.url, 'lin')
    expect(await count()).toBe(before + 1)
  })

  it('is made once when its submits come at the same moment', async () => {
    const submit = { body: { name: '同时', clientId: randomUUID() } }
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => boss.api.call('POST /api-keys', submit)),
    )
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1)
  })

  it('is refused when its clientId was used for something else', async () => {
    const clientId = randomUUID()
    await boss.api.ok('POST /canned-replies', { body: { title: '一', content: '一', clientId } })
    const other = await boss.api.call('POST /canned-replies', {
      body: { title: '二', content: '二', clientId },
    })
    expect([other.status, other.error.code]).toEqual([409, 'conflict'])
  })

  it('may be tried again under the same clientId where it was refused', async () => {
    const clientId = randomUUID()
    const body = (shortcut: string) => ({ title: '快', content: '快', shortcut, clientId })
    await boss.api.ok('POST /canned-replies', { body: { title: '先', content: '先', shortcut: 'tk' } })
    expect((await boss.api.call('POST /canned-replies', { body: body('tk') })).status).toBe(409)
    expect((await boss.api.call('POST /canned-replies', { body: body('tk2') })).status).toBe(201)
  })

  it('is each one’s own: nobody is answered what another made under the same clientId', async () => {
    const submit = { body: { title: '各自', content: '各自', clientId: randomUUID() } }
    const [mine, theirs] = [
      await boss.api.ok('POST /canned-replies', submit),
      await program.ok('POST /canned-replies', submit),
    ] as { id: number }[]
    expect(mine?.id).not.toBe(theirs?.id)
  })

  it('is an agent’s new password, a webhook’s new secret, its test and what is sent again, once each', async () => {
    const agent = (await boss.api.ok('POST /agents', { body: { name: '小新' } })) as { agent: { id: number } }
    const hook = (await boss.api.ok('POST /webhooks', { body: { url: 'http://127.0.0.1:9/x' } })) as {
      webhook: { id: number }
    }
    for (const [route, id] of [
      ['POST /agents/:id/password', agent.agent.id],
      ['POST /webhooks/:id/rotate', hook.webhook.id],
      ['POST /webhooks/:id/test', hook.webhook.id],
      ['POST /webhooks/:id/replay', hook.webhook.id],
    ] as const) {
      const submit = { params: { id }, body: { clientId: randomUUID() } }
      const first = (await boss.api.ok(route, submit)) as { id?: number; password?: string; secret?: string }
      const again = (await boss.api.ok(route, submit)) as typeof first
      expect([route, again.id, again.password, again.secret]).toEqual([
        route,
        first.id,
        first.password,
        first.secret,
      ])
    }
    const { items } = (await boss.api.ok('GET /webhooks/:id/deliveries', {
      params: { id: hook.webhook.id },
    })) as { items: unknown[] }
    expect(items).toHaveLength(1)
  })

  it('is a picture, given to WeChat once', async () => {
    const upload = async (clientId: string) => {
      const answer = await fetch(
        `${service.url}/api/v1/media?appId=${planted.WECHAT_APP_ID}&clientId=${clientId}`,
        {
          method: 'POST',
          headers: { ...lin.headers, 'content-type': 'image/png' },
          body: new Uint8Array(png()),
        },
      )
      expect(answer.status).toBe(201)
      return (await answer.json()) as { id: number; mediaId: string }
    }
    const [first, again] = await Promise.all([upload('p1'), upload('p1')])
    expect(again).toEqual(first)
    expect(await upload('p1')).toEqual(first)
    expect((await upload('p2')).id).not.toBe(first.id)
  })

  it('is not readable in the database', async () => {
    const { key: secret } = (await boss.api.ok('POST /api-keys', {
      body: { name: '密', clientId: randomUUID() },
    })) as { key: string }
    await service.stop()
    const { openStore } = await import('../src/store/store.js')
    const store = await openStore(service.config.databaseUrl)
    const rows = await store.db.selectFrom('submit').selectAll().execute()
    await store.close()
    expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).not.toContain(secret)
    await service.restart()
  })
})
