import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditView } from '../src/people/schemas/audit-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { ApiClient } from './support/api-client.js'
import { addAgent, signIn } from './support/desk-agent.js'
import { planted, startTestService, type TestService } from './support/test-service.js'

const key = 'a-key-of-the-refusal-test-0123456789'

interface Line {
  readonly msg: string
  readonly by?: string
  readonly address?: string
  readonly route?: string
  readonly status?: number
  readonly count?: number
}

let service: TestService
let time = Date.now()
const lines = (): Line[] =>
  service.log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
const refused = (): Line[] => lines().filter(({ msg }) => msg === 'a request was refused')

beforeAll(async () => {
  service = await startTestService(
    { KEFU_API_KEY: key, KEFU_TRUST_PROXY: 'loopback', KEFU_PUBLIC_URL: 'https://kefu.example.com' },
    { now: () => time },
  )
})
afterAll(async () => {
  await service.close()
})

describe('what is refused at the API', () => {
  it('is said by who asked, from where, which route, and never what was asked', async () => {
    time += 120_000
    const from = { 'x-forwarded-for': '203.0.113.9' }
    await addAgent(service, 'lin')
    const lin = await signIn(service.url, 'lin')
    const program = new ApiClient(service.url, key, from)
    const before = refused().length
    await service.get('/api/v1/conversations/77?planted=1', from)
    await lin.api.call('GET /audit')
    await program.call('GET /conversations/:id', { params: { id: 4711 } })
    await program.call('POST /api-keys', { body: { name: '' } })
    await service.get('/api/v1/planted-path', from)
    await service.get('/metrics', from)
    expect(
      refused()
        .slice(before)
        .map(({ by, address, route, status }) => [by, address, route, status]),
    ).toEqual([
      ['nobody', '203.0.113.9', 'GET /conversations/:id', 401],
      [`agent:${lin.id}`, '127.0.0.1', 'GET /audit', 403],
      ['key', '203.0.113.9', 'GET /conversations/:id', 404],
      ['key', '203.0.113.9', 'POST /api-keys', 422],
      ['nobody', '203.0.113.9', 'none', 404],
      ['nobody', '203.0.113.9', 'GET /metrics', 401],
    ])
    expect(JSON.stringify(refused())).not.toMatch(/planted|4711/)
  })

  it('is said at most sixty times a minute, then counted', async () => {
    time += 120_000
    const before = refused().length
    for (let i = 0; i < 90; i++) await service.get('/api/v1/audit', { 'x-forwarded-for': `203.0.113.${i}` })
    expect(refused().length - before).toBe(60)
    time += 60_000
    await service.get('/api/v1/audit')
    expect(
      lines()
        .filter(({ msg }) => msg.startsWith('further API requests'))
        .at(-1),
    ).toMatchObject({ count: 30 })
  })

  it('of a limit is said as well', async () => {
    time += 120_000
    const before = refused().length
    const from = { 'x-forwarded-for': '198.51.100.7' }
    const statuses = []
    for (let i = 0; i < 230; i++) statuses.push((await service.get('/api/v1/setup', from)).status)
    expect(statuses.filter((status) => status === 429)).toHaveLength(30)
    expect(refused().slice(before)).toMatchObject(
      Array.from({ length: 30 }, () => ({ by: 'nobody', route: 'none', status: 429 })),
    )
  })
})

describe('pushes that are refused', () => {
  it('are said at most sixty times a minute, then counted', async () => {
    time += 120_000
    const push = (): Promise<Response> =>
      fetch(`${service.url}/wechat/${planted.WECHAT_APP_ID}?signature=x&timestamp=1&nonce=1`, {
        method: 'POST',
        body: '{}',
      })
    const said = (): number =>
      lines().filter(({ status, msg }) => status === 403 && msg !== 'a request was refused').length
    const before = said()
    for (let i = 0; i < 100; i++) expect((await push()).status).toBe(403)
    expect(said() - before).toBe(60)
    time += 60_000
    await push()
    expect(
      lines()
        .filter(({ msg }) => msg.startsWith('further pushes'))
        .at(-1),
    ).toMatchObject({ count: 40 })
  })
})

describe('the audit log', () => {
  it('says which settings of a Mini Program changed and its mode, never the values', async () => {
    time += 120_000
    const api = new ApiClient(service.url, key)
    const appId = 'wxfedcba9876543210'
    const settings = { appSecret: 'plantedSecret1', token: 'plantedToken1', encodingAESKey: 'p'.repeat(43) }
    await api.ok('POST /apps', { body: { appId, name: '二店', ...settings } })
    const change = { name: '二店', mode: 'compatible', token: 'plantedToken2', appSecret: 'plantedSecret1' }
    await api.ok('PATCH /apps/:id', { params: { id: appId }, body: change })
    const { items } = await api.get(listOf(auditView), 'GET /audit')
    expect(items.filter((entry) => entry.appId === appId)).toMatchObject([
      { action: 'app_changed', detail: { changed: ['mode', 'token'], mode: 'compatible' } },
      { action: 'app_added', detail: { mode: 'secure' } },
    ])
    expect(JSON.stringify(items)).not.toMatch(/planted|ppp/)
  })
})

describe('every answer', () => {
  it.each([
    '/healthz',
    '/readyz',
    '/metrics',
    '/nothing',
    '/assets/nothing.js',
    '/',
    '/api/v1/nothing',
    '/api/v1/openapi.json',
    '/api/v1/apps',
  ])('of %s is only what it says it is, and by https from then on', async (path) => {
    const { headers } = await fetch(service.url + path)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d{8,}$/)
  })

  it('of a push, too, is only what it says it is', async () => {
    const { headers } = await fetch(`${service.url}/wechat`)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('where people come by http keeps nobody to https', async () => {
    const plain = await startTestService({ KEFU_PUBLIC_URL: 'http://kefu.example.com' })
    const { headers } = await fetch(`${plain.url}/healthz`)
    expect(headers.get('strict-transport-security')).toBeNull()
    await plain.close()
  })
})
