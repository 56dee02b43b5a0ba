import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { agentView } from '../src/people/schemas/agent-view.js'
import { auditView } from '../src/people/schemas/audit-view.js'
import { businessSettings, businessView } from '../src/desk/schemas/business-card.js'
import { cannedReplyView } from '../src/desk/schemas/canned-reply-view.js'
import { conversationView } from '../src/desk/schemas/conversation-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { messageView } from '../src/desk/schemas/message-view.js'
import { reportView } from '../src/desk/schemas/report-view.js'
import { deskSettings } from '../src/people/schemas/settings-view.js'
import { ApiClient } from './support/api-client.js'
import { addAgent, postSession, signIn, type DeskAgent } from './support/desk-agent.js'
import { startHookReceiver, type HookReceiver } from './support/hook-receiver.js'
import { runKefu, startKefu } from './support/kefu-process.js'
import { planted, startTestService, type TestService } from './support/test-service.js'

const key = 'a-key-of-the-work-test-0123456789'
const patient = { timeout: 15_000 }
/** The largest number that a route takes: no message has it. */
const BEYOND_ALL = 999_999_999_999_999
const conversations = listOf(conversationView)
let service: TestService
let program: ApiClient
let boss: DeskAgent
let lin: DeskAgent
/** Of a customer who wrote, and waits for people. */
let id = 0
beforeAll(async () => {
  service = await startTestService({ KEFU_API_KEY: key, KEFU_ALLOW_PRIVATE_HOOKS: 'loopback' })
  program = new ApiClient(service.url, key)
  await addAgent(service, 'boss', 'admin')
  await addAgent(service, 'lin')
  boss = await signIn(service.url, 'boss')
  lin = await signIn(service.url, 'lin')
  const customer = service.emulator.user('oLin')
  await customer.enters({ sessionFrom: 'goods' })
  await customer.sends('=HYPERLINK("https://evil.example")')
  await vi.waitFor(async () => {
    const { items } = await program.get(conversations, 'GET /conversations', { query: { status: 'waiting' } })
    id = items[0]?.id ?? 0
    expect(id).toBeGreaterThan(0)
  }, patient)
})
afterAll(() => service.close())

const view = () => program.get(conversationView, 'GET /conversations/:id', { params: { id } })

describe('what has been read', () => {
  it('is no more than what is there, and a colleague’s stays unread until they have seen it', async () => {
    const customer = service.emulator.user('oReader')
    await customer.sends('一')
    let own = 0
    const mine = () => program.get(conversationView, 'GET /conversations/:id', { params: { id: own } })
    await expect
      .poll(async () => {
        const { items } = await program.get(conversations, 'GET /conversations')
        own = items.find(({ openId }) => openId === 'oReader')?.id ?? 0
        return own
      }, patient)
      .toBeGreaterThan(0)
    const read = (who: ApiClient, messageId: number) =>
      who.ok('POST /conversations/:id/read', { params: { id: own }, body: { messageId } })
    await expect.poll(async () => (await mine()).unread, patient).toBe(1)
    await read(lin.api, BEYOND_ALL)
    expect((await mine()).unread).toBe(0)
    await boss.api.ok('POST /conversations/:id/take', { params: { id: own } })
    await customer.sends('二')
    await expect.poll(async () => (await mine()).unread, patient).toBe(1)
    await read(lin.api, BEYOND_ALL)
    expect((await mine()).unread).toBe(1)
    await read(boss.api, (await mine()).lastMessage?.id ?? 0)
    expect((await mine()).unread).toBe(0)
  })
})

describe('settings', () => {
  it('have defaults, are changed one by one, and are written down', async () => {
    expect(await lin.api.get(deskSettings, 'GET /settings')).toEqual({
      absentMinutes: 5,
      idleMinutes: 15,
      closeHours: 48,
      waitWarnSeconds: 120,
      waitAlertSeconds: 300,
      zone: 'Asia/Shanghai',
    })
    await boss.api.ok('PUT /settings', { body: { idleMinutes: 20 } })
    const changed = await boss.api.get(deskSettings, 'PUT /settings', { body: { absentMinutes: 10 } })
    expect(changed).toMatchObject({ idleMinutes: 20, absentMinutes: 10 })
    const { items } = await boss.api.get(listOf(auditView), 'GET /audit', {
      query: { action: 'settings_changed' },
    })
    expect(items[0]).toMatchObject({ actorName: 'boss', detail: { absentMinutes: 10 }, address: '127.0.0.1' })
    expect((await lin.api.call('PUT /settings', { body: { idleMinutes: 0 } })).status).toBe(403)
    for (const body of [{ idleMinutes: -1 }, { zone: 'Mars/Olympus' }, { zone: '+08:00' }, { other: 1 }])
      expect((await boss.api.call('PUT /settings', { body })).status).toBe(422)
  })
})

describe('canned replies and tags', () => {
  it('are kept and found', async () => {
    const made = await lin.api.get(cannedReplyView, 'POST /canned-replies', {
      body: { title: '退款说明', content: '{{contact.name}}您好，退款一到三天到账。', shortcut: 'tk' },
    })
    expect(made.pinyin).toEqual(['tuikuanshuoming', 'tksm'])
    expect(await boss.api.ok('GET /canned-replies')).toMatchObject({
      items: [{ id: made.id, title: '退款说明' }],
    })
    const wrong = await lin.api.call('POST /canned-replies', {
      body: { title: 'x', content: '{{password}}' },
    })
    expect(wrong).toMatchObject({
      status: 422,
      error: { message: expect.stringContaining('{{password}}') as string },
    })
    await lin.api.ok('DELETE /canned-replies/:id', { params: { id: made.id } })
    await lin.api.ok('PUT /conversations/:id/tags', { params: { id }, body: { tags: ['vip', '售后'] } })
    expect(await lin.api.ok('GET /tags')).toEqual({ items: ['vip', '售后'], next: null })
  })
})

describe('figures and tables', () => {
  it('are for admins and programs, and tell what happened', async () => {
    const figures = await boss.api.get(reportView, 'GET /reports')
    expect(figures.messages.incoming).toBeGreaterThan(0)
    expect(figures.days).toHaveLength(7)
    expect((await program.call('GET /reports', { query: { from: '2026-13-01' } })).status).toBe(400)
    for (const path of ['GET /reports', 'GET /conversations.csv', 'GET /messages.jsonl', 'GET /audit'])
      expect((await lin.api.call(path)).status).toBe(403)
  })

  it('come as a file whose cells are no formulas, and are written down', async () => {
    await boss.api.ok('PATCH /contacts/:id', {
      params: { id: (await view()).contact.id },
      body: { name: '=HYPERLINK("https://evil.example","a")', remark: '@SUM(A1)' },
    })
    const { status, body, headers } = await boss.api.call('GET /conversations.csv')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(headers.get('content-disposition')).toBe('attachment; filename="conversations.csv"')
    expect(body).toContain(`"'=HYPERLINK(""https://evil.example"",""a"")","'@SUM(A1)"`)
    const { items } = await boss.api.get(listOf(auditView), 'GET /audit', { query: { action: 'exported' } })
    expect(items).toMatchObject([{ actorName: 'boss', target: 'conversations.csv' }])
  })

  it('come as lines, with a header of a language, and for days that there are', async () => {
    const { status, body, headers } = await boss.api.call('GET /messages.jsonl')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
    expect(headers.get('content-disposition')).toMatch(/filename="messages-[\d-]{10}-[\d-]{10}\.jsonl"$/)
    expect(
      String(body)
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toContainEqual(
      expect.objectContaining({ direction: 'incoming', openId: expect.any(String) as unknown }),
    )
    const turned = { from: '2026-07-02', to: '2026-07-01' }
    expect((await boss.api.call('GET /messages.jsonl', { query: turned })).status).toBe(400)
    const table = await boss.api.call('GET /conversations.csv', { query: { lang: 'zh-CN' } })
    expect(String(table.body)).toContain('"首次响应（秒）"')
    expect((await boss.api.call('GET /conversations.csv', { query: { lang: 'fr' } })).status).toBe(400)
  })
})

describe('business cards', () => {
  let shop: HookReceiver
  beforeAll(async () => {
    shop = await startHookReceiver()
  })
  afterAll(() => shop.close())
  const cards = (who = lin) => who.api.call('GET /conversations/:id/business', { params: { id } })

  it('are none until an admin says where they come from', async () => {
    expect(await lin.api.get(businessView, 'GET /conversations/:id/business', { params: { id } })).toEqual({
      configured: false,
      cards: [],
    })
    const set = (url: string) => boss.api.call('PUT /settings/business-cards', { body: { url } })
    expect((await lin.api.call('PUT /settings/business-cards', { body: { url: shop.url } })).status).toBe(403)
    for (const url of [
      'file:///etc/passwd',
      'http://10.0.0.1/',
      'http://[::ffff:a00:1]/',
      'http://user:pass@example.com/',
    ])
      expect((await set(url)).status).toBe(422)
  })

  it('are asked for by a signed request, shown, and kept for a minute', async () => {
    const made = await boss.api.get(businessSettings, 'PUT /settings/business-cards', {
      body: { url: shop.url },
    })
    expect(made.secret).toMatch(/^whsec_/)
    expect(await boss.api.ok('GET /settings/business-cards')).toEqual({ url: shop.url, secret: null })
    const card = {
      title: '订单 1024',
      status: '已发货',
      rows: [{ label: '金额', value: '¥ 99', url: 'https://shop.example/1024' }],
    }
    shop.answer = (_, res) => res.writeHead(200).end(JSON.stringify({ cards: [card], more: 'ignored' }))
    expect((await cards()).body).toEqual({ configured: true, cards: [card] })
    expect((await cards()).body).toEqual({ configured: true, cards: [card] })
    expect(shop.received).toHaveLength(1)
    const [{ headers, body }] = shop.received as [HookReceiver['received'][number]]
    expect(JSON.parse(body)).toMatchObject({
      type: 'business_cards',
      conversationId: id,
      contact: { openId: 'oLin', sessionFrom: 'goods' },
    })
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
    const signature = createHmac('sha256', Buffer.from(made.secret!.slice('whsec_'.length), 'base64'))
      .update(signed)
      .digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${signature}`)
    expect(service.log).not.toContain(made.secret)
  })

  it('are shown though one value is odd: too long, a number, missing, with control characters', async () => {
    await boss.api.ok('PUT /settings/business-cards', { body: { url: `${shop.url}?${Math.random()}` } })
    const rows = [
      { label: '金额', value: 99.5, url: null },
      { label: '备注', value: null, url: '' },
      { label: '地址', value: '长'.repeat(3000) },
      { label: '留言', value: 'A' },
    ]
    const text = JSON.stringify({ cards: [{ title: 1024, status: null, rows }] })
    shop.answer = (_received, res) => res.writeHead(200).end(`\ufeff${text.replace('"A"', '"a\u0014\tb"')}\n`)
    expect((await cards()).body).toEqual({
      configured: true,
      cards: [
        {
          title: '1024',
          rows: [
            { label: '金额', value: '99.5' },
            { label: '备注', value: '' },
            { label: '地址', value: `${'长'.repeat(999)}…` },
            { label: '留言', value: 'a\ufffd\tb' },
          ],
        },
      ],
    })
  })

  it.each([
    ['an error', (res: ServerResponse) => res.writeHead(500).end('oops')],
    ['no JSON', (res: ServerResponse) => res.writeHead(200).end('<html>')],
    [
      'a link that runs code',
      (res: ServerResponse) =>
        res.writeHead(200).end(
          JSON.stringify({
            cards: [{ title: 'x', rows: [{ label: 'a', value: 'b', url: 'javascript:alert(1)' }] }],
          }),
        ),
    ],
    ['too much', (res: ServerResponse) => res.writeHead(200).end('x'.repeat(100_000))],
    ['nothing', () => undefined],
  ])('answer 503 when the system gives %s, and the next try asks again', async (_, answer) => {
    await boss.api.ok('PUT /settings/business-cards', { body: { url: `${shop.url}?${Math.random()}` } })
    shop.answer = (_received, res) => {
      answer(res)
    }
    expect((await cards()).status).toBe(503)
    shop.answer = (_received, res) => res.writeHead(200).end('{"cards":[]}')
    expect((await cards()).body).toEqual({ configured: true, cards: [] })
  })
})

describe('an agent of another Mini Program', () => {
  /** What a route's body must be, so that nothing but the scope refuses it. */
  const bodies: Readonly<Record<string, unknown>> = {
    'POST /conversations/{id}/messages': { clientId: 'x', message: { msgType: 'text', content: 'x' } },
    'POST /conversations/{id}/take': {},
    'POST /conversations/{id}/notes': { content: 'x' },
    'PUT /conversations/{id}/tags': { tags: [] },
    'POST /conversations/{id}/tags': { tags: [] },
    'POST /conversations/{id}/read': { messageId: 1 },
    'POST /conversations/{id}/presence': { typing: false },
    'POST /conversations/{id}/undo': { epoch: 1 },
    'POST /messages/{id}/resolve': { state: 'failed' },
    'PATCH /contacts/{id}': { name: 'x' },
  }

  it('finds nothing of it on any route', async () => {
    await addAgent(service, 'foreign')
    const { items: staff } = await program.get(listOf(agentView), 'GET /agents')
    const foreignId = staff.find(({ name }) => name === 'foreign')?.id ?? 0
    await program.ok('PATCH /agents/:id', { params: { id: foreignId }, body: { apps: ['wx-other'] } })
    const foreign = await signIn(service.url, 'foreign')
    await program.ok('POST /conversations/:id/notes', { params: { id }, body: { content: '只给同事看' } })
    const { items: said } = await program.get(listOf(messageView), 'GET /conversations/:id/messages', {
      params: { id },
    })
    const { contact } = await view()
    const before = await view()
    const ids: Readonly<Record<string, readonly number[]>> = {
      conversations: [id],
      contacts: [contact.id],
      messages: said.map((message) => message.id),
      media: [1],
    }
    const { paths } = await program.document()
    let tried = 0
    for (const [path, operations] of Object.entries(paths))
      for (const method of Object.keys(operations).map((name) => name.toUpperCase())) {
        const noun = path.split('/')[1] ?? ''
        if (path.includes('{id}') && noun in ids)
          for (const each of ids[noun] ?? []) {
            const body =
              bodies[`${method} ${path}`] ??
              (path.endsWith('/assign')
                ? { agentId: foreignId }
                : method === 'GET' || method === 'DELETE'
                  ? undefined
                  : {})
            const answer = await foreign.api.call(`${method} ${path.replace('{id}', ':id')}`, {
              params: { id: each },
              ...(body === undefined ? {} : { body }),
            })
            expect([`${method} ${path}`, answer.status]).toEqual([
              `${method} ${path}`,
              expect.toBeOneOf([403, 404]),
            ])
            tried += 1
          }
        else if (method === 'GET' && !path.includes('{') && path !== '/events' && path !== '/openapi.json') {
          const { body } = await foreign.api.call(`GET ${path}`)
          for (const secret of ['oLin', '只给同事看', 'evil.example', planted.WECHAT_APP_ID])
            expect([path, JSON.stringify(body)]).not.toEqual([path, expect.stringContaining(secret)])
          tried += 1
        }
      }
    expect(tried).toBeGreaterThan(40)
    const found = await foreign.api.ok('GET /conversations', { query: { q: 'evil' } })
    expect(found).toEqual({ items: [], next: null })
    expect(await view()).toEqual(before)
  })
})

describe('kefu agent', () => {
  it('adds agents and resets passwords through the running service', async () => {
    const run = (...args: string[]) =>
      runKefu(['agent', ...args], { cwd: service.directory, env: { DATA_DIR: service.config.dataDir } })
    const added = await run('add', '小王')
    expect(added).toMatchObject({ code: 0 })
    const password = / ([\w-]{20})$/m.exec(added.stdout.trim())?.[1] ?? ''
    const wang = await signIn(service.url, '小王', password)
    expect(wang.session.agent.role).toBe('agent')
    expect((await run('add', '小王')).stderr).toContain('already')
    expect((await run('add', 'x', '--role', 'king')).stderr).toContain('--role')
    const reset = await run('reset-password', '小王')
    expect((await wang.api.call('GET /session')).status).toBe(401)
    await signIn(service.url, '小王', / ([\w-]{20})$/m.exec(reset.stdout.trim())?.[1])
    expect((await run('reset-password', 'nobody')).code).toBe(1)
    const { items } = await boss.api.get(listOf(auditView), 'GET /audit', { query: { actor: 'command' } })
    expect(items.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['agent_added', 'password_changed']),
    )
  }, 120_000)
})

describe('kefu start', () => {
  it('prints the first admin’s link beside the log, and none once there is an admin', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kefu-first-'))
    const options = { cwd: directory, env: { DATA_DIR: join(directory, 'data') } }
    try {
      const first = await startKefu(options)
      const { stdout, stderr } = await first.end()
      const token = /http:\/\/127\.0\.0\.1:\d+\/#\/setup\/([\w-]{32})\n/.exec(stdout)?.[1] ?? ''
      expect(token).not.toBe('')
      expect(stderr).not.toContain(token)
      // No server runs: the command opens the database itself.
      expect((await runKefu(['agent', 'list'], options)).stdout).toContain('There are no agents yet')
      expect((await runKefu(['agent', 'add', 'boss', '--role', 'admin'], options)).code).toBe(0)
      const { stdout: listed } = await runKefu(['agent', 'list'], options)
      expect(listed).toMatch(
        /^boss {2}管理员 admin · 全部小程序 all Mini Programs · 从未登录 never seen · 须修改密码/,
      )
      expect(listed).not.toContain('argon2')
      const second = await startKefu(options)
      expect((await second.end()).stdout).toBe('')
    } finally {
      rmSync(directory, { recursive: true })
    }
  }, 120_000)
})

describe('names with line ends and terminal codes', () => {
  it('are refused where they would stay, and write nothing to the log or the audit that is not theirs', async () => {
    const name = 'x\r\n{"level":"error","msg":"forged"}\u001b[2J\u001b[31m'
    expect((await program.call('POST /agents', { body: { name } })).status).toBe(422)
    expect((await postSession(service.url, { name, password: 'wrong password' })).status).toBe(401)
    await boss.api.ok('PATCH /contacts/:id', {
      params: { id: (await view()).contact.id },
      body: { name: '张三' },
    })
    await boss.api.call('GET /conversations.csv', { query: { app: `wx\r\n\u001b[31m` } })
    for (const line of service.log.split('\n').filter((each) => each !== '')) {
      expect(() => JSON.parse(line) as unknown).not.toThrow()
      expect(line).not.toContain('\u001b')
    }
    expect(service.log).not.toContain('"msg":"forged"')
    const audit = await boss.api.call('GET /audit')
    expect(JSON.stringify(audit.body)).not.toMatch(/\\u001b|\\r/)
  })
})
