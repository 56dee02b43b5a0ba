import type { AuthorText } from '../protocol/author.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { silentLogger } from '../log.js'
import { defaultAllowanceRules } from '../conversation/index.js'
import { conversationsCsv } from './conversation-export.js'
import { messageLines, type ExportedMessages } from './message-export.js'
import { MessageCounts } from './message-counts.js'
import { report, type ReportQuery } from './reports.js'

const monday = Date.parse('2026-07-27T02:00:00Z') // 10:00 in Shanghai
const DAY = 86_400_000

describe.each(await storeKinds())('reports on %s', (kind) => {
  let database: TestStore
  let nextId = 0
  let now = monday
  beforeEach(async () => {
    database = await makeStore(kind)
    nextId = 0
    now = monday
  })
  afterEach(() => database.remove())

  async function conversation(
    openId: string,
    appId = 'wx1',
    contact: { name?: string; remark?: string } = {},
  ): Promise<number> {
    const { db } = database.store
    const { id: contactId } = await db
      .insertInto('contact')
      .values({ app_id: appId, open_id: openId, created_at: now, seen_at: now, ...contact })
      .returning('id')
      .executeTakeFirstOrThrow()
    const { id } = await db
      .insertInto('conversation')
      .values({ contact_id: contactId, shard: 0, status: 'bot', epoch: 0, updated_at: now })
      .returning('id')
      .executeTakeFirstOrThrow()
    return id
  }
  async function message(
    conversationId: number,
    author: AuthorText,
    at: number,
    more: { state?: 'accepted' | 'failed' | 'unknown'; errcode?: number } = {},
  ): Promise<void> {
    const direction = author === 'contact' ? 'incoming' : author === 'system' ? 'system' : 'outgoing'
    await database.store.db
      .insertInto('message')
      .values({
        id: ++nextId,
        conversation_id: conversationId,
        direction,
        author,
        msg_type: 'text',
        content: '{}',
        epoch: 0,
        created_at: at,
        state: direction === 'outgoing' ? (more.state ?? 'accepted') : null,
        errcode: more.errcode ?? null,
        attempts: 0,
      })
      .execute()
  }
  const wait = (
    conversationId: number,
    agentId: number,
    endedBy: 'take' | 'first' | 'reply',
    length: number,
    at = now,
    appId = 'wx1',
  ) =>
    database.store.db
      .insertInto('wait')
      .values({
        conversation_id: conversationId,
        app_id: appId,
        agent_id: agentId,
        ended_by: endedBy,
        since: at - length,
        at,
      })
      .execute()
  const counts = () =>
    new MessageCounts({ store: database.store, logger: silentLogger, wait: async () => undefined })
  const ask = (query: Partial<ReportQuery> = {}) =>
    report({ store: database.store, counts: counts(), now: () => now }, { apps: 'all', ...query })

  it('say nothing of a service in which nothing happened', async () => {
    const empty = await ask()
    expect(empty).toMatchObject({
      from: '2026-07-21',
      to: '2026-07-27',
      zone: 'Asia/Shanghai',
      conversations: 0,
      messages: { incoming: 0, bot: 0, agents: 0, api: 0 },
      firstResponse: { count: 0, median: null, p90: null, longest: null },
      failures: [],
      agents: [],
      waiting: { count: 0, longest: null },
    })
    expect(empty.days).toHaveLength(7)
  })

  it('count messages by whom, and conversations once a day', async () => {
    const [a, b] = [await conversation('oA'), await conversation('oB')]
    for (const author of [
      'contact',
      'contact',
      'bot',
      'rule:greet',
      'agent:7',
      'agent:8',
      'agent:8',
      'api',
      'system',
    ] as const)
      await message(a, author, now)
    await message(b, 'contact', now)
    // 00:30 on Tuesday in Shanghai, Monday in UTC.
    await message(a, 'contact', Date.parse('2026-07-27T16:30:00Z'))
    now += DAY
    const { days, conversations, messages, agents } = await ask()
    expect(days.at(-2)).toEqual({
      day: '2026-07-27',
      conversations: 2,
      messages: { incoming: 3, bot: 2, agents: 3, api: 1 },
      firstResponses: 0,
    })
    expect(days.at(-1)).toMatchObject({ day: '2026-07-28', conversations: 1, messages: { incoming: 1 } })
    expect(conversations).toBe(2)
    expect(messages).toEqual({ incoming: 4, bot: 2, agents: 3, api: 1 })
    expect(agents.map(({ id, messages: own }) => [id, own])).toEqual([
      [8, 2],
      [7, 1],
    ])
  })

  it('count each message once, whoever asks and whenever', async () => {
    const a = await conversation('oA')
    for (let i = 0; i < 2345; i++) await message(a, 'contact', now)
    await Promise.all([ask(), ask(), ask()])
    await message(a, 'contact', now)
    expect((await ask()).messages.incoming).toBe(2346)
  })

  it('tell how long customers waited: the middle, nine of ten, the longest', async () => {
    const a = await conversation('oA')
    for (let i = 1; i <= 10; i++) await wait(a, i <= 5 ? 7 : 8, 'first', i * 1000)
    await wait(a, 7, 'take', 500)
    await wait(a, 7, 'reply', 60_000)
    await wait(a, 7, 'first', 1, now - 30 * DAY)
    await database.store.db
      .updateTable('conversation')
      .set({ status: 'waiting', waiting_since: now - 42_000 })
      .execute()
    const result = await ask()
    expect(result.firstResponse).toEqual({ count: 10, median: 5000, p90: 9000, longest: 10_000 })
    expect(result.untilTaken).toEqual({ count: 1, median: 500, p90: 500, longest: 500 })
    expect(result.everyResponse).toMatchObject({ count: 11, longest: 60_000 })
    expect(result.days.at(-1)?.firstResponses).toBe(10)
    expect(result.agents.find(({ id }) => id === 7)).toMatchObject({
      taken: 1,
      firstResponse: { count: 5, median: 3000 },
    })
    expect(result.waiting).toEqual({ count: 1, longest: 42_000 })
  })

  it('tell what WeChat refused, by its number, as it is now', async () => {
    const a = await conversation('oA')
    for (let i = 0; i < 3; i++) await message(a, 'bot', now, { state: 'failed', errcode: 45015 })
    await message(a, 'bot', now, { state: 'failed', errcode: 40003 })
    await message(a, 'bot', now, { state: 'unknown' })
    await message(a, 'bot', now - 30 * DAY, { state: 'failed', errcode: 45015 })
    expect((await ask()).failures).toEqual([
      { errcode: 45015, state: 'failed', count: 3 },
      { errcode: null, state: 'unknown', count: 1 },
      { errcode: 40003, state: 'failed', count: 1 },
    ])
  })

  it('know only the Mini Programs of whoever asks', async () => {
    const [a, b] = [await conversation('oA', 'wx1'), await conversation('oB', 'wx2')]
    for (const id of [a, b]) {
      await message(id, 'contact', now)
      await message(id, 'agent:7', now, { state: 'failed', errcode: 1 })
    }
    await wait(a, 7, 'first', 1000, now, 'wx1')
    await wait(b, 7, 'first', 9000, now, 'wx2')
    await database.store.db
      .updateTable('conversation')
      .set({ status: 'waiting', waiting_since: now })
      .execute()
    for (const apps of [['wx1'], []]) {
      const result = await ask({ apps })
      const n = apps.length
      expect(result).toMatchObject({
        conversations: n,
        messages: { incoming: n, agents: n },
        waiting: { count: n },
      })
      expect(result.firstResponse.count).toBe(n)
      expect(result.failures).toHaveLength(n)
    }
  })

  it('refuse days that are none, and more than a year', async () => {
    for (const query of [
      { from: '2026-02-30' },
      { from: '2026-07-28', to: '2026-07-27' },
      { from: '2020-01-01' },
    ])
      await expect(ask(query)).rejects.toMatchObject({ status: 400 })
  })

  describe('the messages of some days', () => {
    const source = () => ({
      store: database.store,
      allowance: defaultAllowanceRules,
      namesOf: async () => new Map([[7, '林']]),
      now: () => now,
    })
    async function lines(span: Partial<ExportedMessages> = {}): Promise<Record<string, unknown>[]> {
      const found: Record<string, unknown>[] = []
      for await (const piece of messageLines(source(), { start: 0, end: now + 1, apps: 'all', ...span }))
        for (const line of piece.trimEnd().split('\n'))
          found.push(JSON.parse(line) as Record<string, unknown>)
      return found
    }

    it('are one JSON object a line, with their customer, in the order of their numbers', async () => {
      const [a, b] = [await conversation('oA', 'wx1'), await conversation('oB', 'wx2')]
      await message(a, 'contact', now)
      await message(b, 'agent:7', now - DAY)
      const found = await lines()
      expect(found).toMatchObject([
        { appId: 'wx1', openId: 'oA', conversationId: a, author: 'contact', createdAt: now },
        { appId: 'wx2', openId: 'oB', conversationId: b, author: 'agent:7', authorName: '林' },
      ])
    })

    it('are those of the days and Mini Programs that are asked for, also where a clock went back', async () => {
      const [a, b] = [await conversation('oA', 'wx1'), await conversation('oB', 'wx2')]
      for (const at of [now - 3 * DAY, now, now - 2 * DAY, now - DAY]) await message(a, 'contact', at)
      await message(b, 'contact', now - DAY)
      const times = async (span: Partial<ExportedMessages>): Promise<unknown[]> =>
        (await lines(span)).map(({ createdAt }) => createdAt)
      expect(await times({ start: now - 2 * DAY, end: now, apps: ['wx1'] })).toEqual([
        now - 2 * DAY,
        now - DAY,
      ])
      expect(await times({ apps: ['wx2'] })).toEqual([now - DAY])
      expect(await times({ apps: [] })).toEqual([])
    })

    it('come in pieces, however many they are', async () => {
      const a = await conversation('oA')
      for (let i = 0; i < 3; i++) await message(a, 'contact', now)
      await database.store.db
        .updateTable('message')
        .set((eb) => ({ id: eb('id', '*', 100_000) }))
        .execute()
      expect(await lines()).toHaveLength(3)
    })
  })

  describe('the table of all conversations', () => {
    async function csv(apps: 'all' | string[] = 'all', language?: 'zh-CN' | 'en'): Promise<string> {
      let text = ''
      for await (const piece of conversationsCsv(database.store, apps, language)) text += piece
      return text
    }

    it('has every conversation once, with what was said by whom', async () => {
      for (let i = 0; i < 120; i++) await conversation(`o${i}`)
      const last = await conversation('oLast', 'wx1', { name: '张三', remark: '老客户' })
      const { contact_id: contactId } = await database.store.db
        .selectFrom('conversation')
        .select('contact_id')
        .where('id', '=', last)
        .executeTakeFirstOrThrow()
      await database.store.db
        .insertInto('contact_tag')
        .values([{ contact_id: contactId, tag: 'vip' }])
        .execute()
      for (const author of ['contact', 'bot', 'rule:a', 'agent:7', 'system'] as const)
        await message(last, author, now)
      const lines = (await csv()).split('\r\n')
      expect(lines).toHaveLength(123)
      expect(lines[0]).toBe(
        '\ufeff"id","appId","openId","name","remark","tags","status","agent","incoming","sentByBot","sentByPeople","createdAt","seenAt","updatedAt","closedAt","firstResponseSeconds","waits","averageWaitSeconds","longestWaitSeconds"',
      )
      expect(lines.at(-2)).toBe(
        `${last},"wx1","oLast","张三","老客户","vip","bot",,1,2,1,"2026-07-27T10:00:00+08:00","2026-07-27T10:00:00+08:00","2026-07-27T10:00:00+08:00",,,0,,`,
      )
      expect(new Set(lines.slice(1, -1).map((line) => line.split(',')[0])).size).toBe(121)
    })

    it('tells waits and the time of closing, in the zone’s time and the page’s language', async () => {
      const id = await conversation('oA')
      await wait(id, 7, 'take', 1000)
      await wait(id, 7, 'first', 12_000)
      await wait(id, 7, 'reply', 90_000)
      await wait(id, 7, 'first', 3_000)
      await message(id, 'system', now - 60_000)
      await database.store.db
        .updateTable('message')
        .set({ content: '{"line":"close","agentId":7}' })
        .execute()
      await database.store.db.updateTable('conversation').set({ status: 'closed' }).execute()
      const [head = '', line = ''] = (await csv('all', 'zh-CN')).split('\r\n')
      expect(head).toContain('"状态"')
      expect(head).toMatch(/"结束时间","首次响应（秒）","等待次数","平均等待（秒）","最长等待（秒）"$/)
      expect(line).toContain('"已结束"')
      expect(line).toMatch(/"2026-07-27 10:00:00","2026-07-27 09:59:00",12,3,35,90$/)
      expect((await csv('all', 'en')).split('\r\n')[0]).toContain('"Closed","First response (s)"')
      // A conversation that was opened again has no time of closing.
      await database.store.db.updateTable('conversation').set({ status: 'waiting' }).execute()
      expect((await csv()).split('\r\n')[1]).toMatch(/\+08:00",,12,3,35,90$/)
    })

    it('has only what is in scope, and no formula', async () => {
      await conversation('oA', 'wx1', { name: '=HYPERLINK("https://evil.example")', remark: '@cmd' })
      await conversation('oB', 'wx2')
      const own = await csv(['wx1'])
      expect(own).toContain(`"'=HYPERLINK(""https://evil.example"")","'@cmd"`)
      expect(own).not.toContain('oB')
      expect((await csv([])).split('\r\n')).toHaveLength(2)
    })
  })
})
