import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ApiClient } from './support/api-client.js'
import { startTestService, type TestService } from './support/test-service.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'

const kinds = await storeKinds()
const apiKey = 'a-key-of-the-rules-test-0123456789'
const patient = { timeout: 20_000 }
const rules = [
  { name: 'welcome', when: { event: 'user_enter_tempsession' }, then: [{ reply: { text: '您好' } }] },
  { name: 'refund', when: { text: { contains: ['退款'] } }, then: [{ reply: { text: '请稍候' } }] },
  { name: 'quiet', when: { text: { equals: ['谢谢'] } }, then: [] },
]

describe.each(kinds)('rules by the API, on %s', { timeout: 60_000 }, (kind) => {
  let database: TestStore | undefined
  let service: TestService
  let api: ApiClient
  let environment: Record<string, string>

  beforeEach(async () => {
    database = kind === 'postgres' ? await makeStore('postgres') : undefined
    environment = {
      KEFU_API_KEY: apiKey,
      ...(database && { DATABASE_URL: database.url, KEFU_SECRET_KEY: randomBytes(32).toString('base64') }),
    }
    service = await startTestService(environment)
    api = new ApiClient(service.url, apiKey)
    await api.ok('PUT /rules', { body: { rules } })
  })
  afterEach(async () => {
    await service.close()
    await database?.remove()
  })

  interface Answered {
    readonly messageId: number
    readonly conversationId: number
    readonly answeredBy: string
    readonly text: string | null
  }
  const answers = async (query: Record<string, string | number> = {}) =>
    (await api.ok('GET /rules/answers', { query })) as { items: Answered[]; next: string | null }
  const texts = async (query: Record<string, string | number> = {}) =>
    (await answers(query)).items.map(({ answeredBy, text }) => [answeredBy, text])

  it('are saved over those that were read, and not over somebody else’s', async () => {
    const read = await api.call('GET /rules')
    const version = read.headers.get('etag') ?? ''
    expect(version).toMatch(/^"[\w-]{22}"$/)
    const save = (names: readonly string[], ifMatch?: string) =>
      api.call('PUT /rules', {
        body: { rules: names.map((name) => ({ name, when: {}, then: [] })) },
        headers: ifMatch === undefined ? {} : { 'if-match': ifMatch },
      })
    const first = await save(['one'], version)
    expect(first.status).toBe(200)
    expect(first.headers.get('etag')).not.toBe(version)
    const late = await save(['two'], version)
    expect(late).toMatchObject({ status: 409, error: { code: 'conflict' } })
    expect(await api.ok('GET /rules')).toMatchObject({ rules: [{ name: 'one' }] })
    expect(await save(['two'], `W/${first.headers.get('etag') ?? ''}`)).toMatchObject({ status: 200 })
    // Without a version they are replaced whatever they are, as before.
    expect(await save(['three'])).toMatchObject({ status: 200 })
    const now = (await api.call('GET /rules')).headers.get('etag') ?? ''
    const both = await Promise.all([save(['four'], now), save(['five'], now)])
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409])
  })

  it('are checked as saving them would, and nothing is saved', async () => {
    const before = await api.ok('GET /rules')
    const check = (...rules: object[]) => api.call('POST /rules/check', { body: { rules } })
    const good = {
      name: '欢迎',
      when: { event: 'user_enter_tempsession' },
      then: [{ reply: { text: '您好' } }],
    }
    expect(await check(good)).toMatchObject({ status: 200, body: { warnings: [] } })
    const doubtful = { ...good, when: { event: 'user_entr' } }
    expect((await check(doubtful)).body).toMatchObject({ warnings: [{ code: 'event_without_conversation' }] })
    const twice = await check(good, good)
    expect(twice).toMatchObject({
      status: 422,
      body: {
        error: { reason: 'rules', params: { problems: [{ code: 'name_taken', at: ['rules', 1, 'name'] }] } },
      },
    })
    expect(await api.ok('GET /rules')).toEqual(before)
  })

  describe('business hours with a name', () => {
    const always = Array.from({ length: 7 }, () => ['00:00-24:00'])
    const never = Array.from({ length: 7 }, () => [])
    const holiday = Date.parse('2020-10-01T12:00:00+08:00')
    const shop = {
      name: '门店',
      zone: 'Asia/Shanghai',
      week: always,
      dates: [{ date: '2020-10-01', hours: [] }],
    }
    const byName = [
      { name: 'open', when: { hours: { open: '门店' } }, then: [{ reply: { text: '营业中' } }] },
      { name: 'closed', when: { hours: { closed: '门店' } }, then: [{ reply: { text: '休息中' } }] },
    ]
    const answering = async (at?: number) => {
      const body = { message: { msgType: 'text', content: '在吗' }, ...(at === undefined ? {} : { at }) }
      const found = (await api.ok('POST /rules/test', { body })) as { answer: { rule: string } | null }
      return found.answer?.rule
    }

    it('are used by rules, stay when only rules are saved, and say how they stand', async () => {
      const unknown = await api.call('PUT /rules', { body: { rules: byName } })
      expect(unknown).toMatchObject({ status: 422, error: { code: 'invalid' } })
      expect(unknown.error.message).toContain('names the business hours "门店", which are not there')
      const saved = await api.ok('PUT /business-hours', { body: { schedules: [shop] } })
      const states = [{ name: '门店', open: true, changesAt: null }]
      expect(saved).toEqual({ schedules: [shop], states })
      await api.ok('PUT /rules', { body: { rules: byName } })
      expect(await answering()).toBe('open')
      expect(await answering(holiday)).toBe('closed')
      expect(await api.ok('GET /rules')).toEqual({ rules: byName, schedules: [shop] })
      // What GET gives may be given back, also to another service.
      await api.ok('PUT /rules', { body: { rules: byName, schedules: [{ ...shop, dates: [] }] } })
      expect(await answering(holiday)).toBe('open')
      await service.restart()
      api = new ApiClient(service.url, apiKey)
      expect(await answering()).toBe('open')
    })

    it('are not removed while a rule uses them, nor saved over somebody else’s', async () => {
      const first = await api.call('PUT /business-hours', { body: { schedules: [shop] } })
      await api.ok('PUT /rules', { body: { rules: byName } })
      const save = (schedules: object[], headers = {}) =>
        api.call('PUT /business-hours', { body: { schedules }, headers })
      expect(await save([])).toMatchObject({ status: 422, error: { code: 'invalid' } })
      const headers = { 'if-match': first.headers.get('etag') ?? '' }
      expect(await save([{ ...shop, week: never }], headers)).toMatchObject({ status: 200 })
      expect(await save([shop], headers)).toMatchObject({ status: 409, error: { code: 'conflict' } })
      expect(await answering()).toBe('closed')
    })
  })

  describe('what they did', () => {
    it('is kept with each message: the rule, or that none matched', async () => {
      const customer = service.emulator.user('oLin')
      await customer.enters({ sessionFrom: 'page=7' })
      await customer.sends('我要退款')
      await customer.sends('谢谢')
      await customer.sends('在吗')
      // From here on people have the conversation: no rule is asked.
      await customer.sends('退款呢')
      await expect
        .poll(async () => texts(), patient)
        .toEqual([
          ['nobody', '在吗'],
          ['rule:quiet', '谢谢'],
          ['rule:refund', '我要退款'],
          ['rule:welcome', 'page=7'],
        ])
      const [refund] = (await answers({ answeredBy: 'rule:refund' })).items
      expect(refund).toMatchObject({ openId: 'oLin', msgType: 'text', name: null, text: '我要退款' })
      await api.ok('GET /conversations/:id', { params: { id: refund?.conversationId ?? 0 } })
      expect(await texts({ answeredBy: 'nobody' })).toEqual([['nobody', '在吗']])
      const { items } = (await api.ok('GET /rules/answer-counts')) as { items: unknown[] }
      expect(items).toEqual([
        { answeredBy: 'rule:welcome', lastDay: 1, lastWeek: 1, lastAt: expect.any(Number) as number },
        { answeredBy: 'rule:refund', lastDay: 1, lastWeek: 1, lastAt: expect.any(Number) as number },
        { answeredBy: 'rule:quiet', lastDay: 1, lastWeek: 1, lastAt: expect.any(Number) as number },
        { answeredBy: 'bot', lastDay: 0, lastWeek: 0, lastAt: null },
        { answeredBy: 'nobody', lastDay: 1, lastWeek: 1, lastAt: expect.any(Number) as number },
      ])
    })

    it('is read page by page, and refuses what is no name', async () => {
      const customer = service.emulator.user('oLin')
      for (const text of ['退款1', '退款2', '退款3']) await customer.sends(text)
      await expect.poll(async () => (await answers()).items.length, patient).toBe(3)
      const first = await answers({ answeredBy: 'rule:refund', limit: 2 })
      expect(first.items.map(({ text }) => text)).toEqual(['退款3', '退款2'])
      const second = await answers({ answeredBy: 'rule:refund', limit: 2, cursor: first.next ?? '' })
      expect(second).toMatchObject({ items: [{ text: '退款1' }], next: null })
      expect(await api.call('GET /rules/answers', { query: { answeredBy: 'x' } })).toMatchObject({
        status: 400,
      })
    })

    it('is kept of handlers in code too, and goes with its customer', async () => {
      const module = join(service.directory, 'bot.mjs')
      writeFileSync(module, `export default (bot) => { bot.hears('码', (ctx) => ctx.reply('好')) }`)
      expect(await api.ok('GET /rules/handlers')).toEqual({ present: false })
      await service.restart({ ...environment, KEFU_BOT: module })
      api = new ApiClient(service.url, apiKey)
      expect(await api.ok('GET /rules/handlers')).toEqual({ present: true })
      const customer = service.emulator.user('oLin')
      for (const text of ['码', '退款', '在吗']) await customer.sends(text)
      await expect
        .poll(async () => texts(), patient)
        .toEqual([
          ['nobody', '在吗'],
          ['rule:refund', '退款'],
          ['bot', '码'],
        ])
      const [first] = (await answers()).items
      const conversation = (await api.ok('GET /conversations/:id', {
        params: { id: first?.conversationId ?? 0 },
      })) as { contact: { id: number } }
      await api.ok('DELETE /contacts/:id', { params: { id: conversation.contact.id } })
      expect(await texts()).toEqual([])
      expect(await texts({ answeredBy: 'rule:refund' })).toEqual([])
    })
  })
})
