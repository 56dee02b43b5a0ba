import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { callControl } from '../src/server/control-client.js'
import { conversationView } from '../src/desk/schemas/conversation-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { addAgent, signIn } from './support/desk-agent.js'
import { startTestService, type TestService } from './support/test-service.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'

const SEND = '/cgi-bin/message/custom/send'
const HOUR = 3600_000
const SLOW = 60_000
const echo = {
  rules: [
    { name: 'echo', when: { text: { matches: '(.+)' } }, then: [{ reply: { text: '答{{match.1}}' } }] },
  ],
}

describe.each(await storeKinds())('a clock that jumps an hour, on %s', (kind) => {
  let database: TestStore | undefined
  let service: TestService
  /** What the service's clock is ahead of WeChat's, which is right. */
  let ahead = 0

  beforeEach(() => {
    ahead = 0
  })
  afterEach(async () => {
    await service.close()
    await database?.remove()
    database = undefined
  })

  async function start(environment: Record<string, string> = {}): Promise<void> {
    if (kind === 'postgres') database = await makeStore(kind)
    const url: Record<string, string> = database ? { DATABASE_URL: database.url } : {}
    service = await startTestService({ ...url, ...environment }, { now: () => Date.now() + ahead })
    await callControl(service.config.dataDir, 'import-rules', echo)
  }
  const sends = (openId: string): number =>
    service.emulator.calls.filter((call) => call.request.path === SEND && call.openId === openId).length
  const shown = (openId: string): string[] =>
    service.emulator
      .user(openId)
      .messages.filter(({ from }) => from === 'service')
      .map(({ content }) => ('content' in content ? content.content : ''))

  it(
    'forth and back, within what WECHAT_PUSH_MAX_AGE allows: all goes on, each message answered once and in order',
    async () => {
      await start({ WECHAT_PUSH_MAX_AGE: '7200' })
      const customer = service.emulator.user('oLin')
      const told: string[] = []
      for (const jump of [0, HOUR, 0, -HOUR, HOUR, -HOUR, 0]) {
        ahead = jump
        told.push(`答${told.length}`)
        expect((await customer.sends(`${told.length - 1}`)).answer).toBe('success')
        await expect.poll(() => shown('oLin'), { timeout: 15_000 }).toEqual(told)
      }
      expect(sends('oLin')).toBe(told.length)
    },
    SLOW,
  )

  it.each([
    ['rules', {}],
    ['handlers in code', { KEFU_BOT: fileURLToPath(new URL('./fixtures/quiet-bot.js', import.meta.url)) }],
  ])(
    'back, with %s: a message allows five replies, whatever was sent before it',
    async (_, environment) => {
      await start({ WECHAT_PUSH_MAX_AGE: '0', ...environment })
      const customer = service.emulator.user('oBack')
      await addAgent(service, '小满')
      const { api } = await signIn(service.url, '小满')
      const found = async () =>
        (await api.get(listOf(conversationView), 'GET /conversations', {})).items.find(
          ({ openId }) => openId === 'oBack',
        )
      await customer.sends('你好')
      await expect.poll(async () => (await found())?.allowance.remaining).toBe(4)
      const id = (await found())?.id ?? 0
      await api.ok('POST /conversations/:id/take', { params: { id } })
      let sent = 0
      const reply = async (left: number): Promise<void> => {
        const message = { msgType: 'text', content: `r${++sent}` }
        await api.ok('POST /conversations/:id/messages', {
          params: { id },
          body: { message, clientId: message.content },
        })
        await expect.poll(async () => (await found())?.allowance.remaining).toBe(left)
      }
      // One before the jump, one after it, and then the customer writes.
      await reply(3)
      ahead = -HOUR
      await reply(2)
      await customer.sends('在吗')
      await expect.poll(async () => (await found())?.allowance.remaining).toBe(5)
      await reply(4)
    },
    SLOW,
  )

  it(
    'beyond what WECHAT_PUSH_MAX_AGE allows: pushes are refused as long as it is wrong, and nothing else',
    async () => {
      await start()
      const customer = service.emulator.user('oLin')
      service.emulator.faults.add({ path: SEND, openId: 'oLin', errcode: 45011 })
      expect((await customer.sends('一')).answer).toBe('success')
      await expect.poll(() => sends('oLin')).toBe(1)
      for (const wrong of [HOUR, -HOUR]) {
        ahead = wrong
        const refused = await service.emulator.user('oWei').sends('二')
        expect(refused.attempts.map(({ response }) => response?.status)).toEqual([403, 403, 403])
      }
      ahead = 9 * 60_000
      expect((await service.emulator.user('oWei').sends('三')).answer).toBe('success')
      // What was taken before goes out, by a clock that is a little ahead now.
      await expect.poll(() => shown('oLin'), { timeout: 15_000 }).toEqual(['答一'])
      await expect.poll(() => shown('oWei'), { timeout: 15_000 }).toContain('答三')
      expect(shown('oWei')).not.toContain('答二')
      expect(sends('oLin')).toBe(2)
    },
    SLOW,
  )

  it(
    'back, while a message waits for WeChat’s limit to pass: it does not wait an hour more',
    async () => {
      await start({ WECHAT_PUSH_MAX_AGE: '7200' })
      const customer = service.emulator.user('oLin')
      service.emulator.faults.add({ path: SEND, openId: 'oLin', errcode: 45011 })
      await customer.sends('一')
      await expect.poll(() => sends('oLin')).toBe(1)
      ahead = -HOUR
      await service.emulator.user('oWei').sends('二')
      await expect.poll(() => shown('oLin'), { timeout: 15_000 }).toEqual(['答一'])
      expect(sends('oLin')).toBe(2)
    },
    SLOW,
  )

  it(
    'back, after the customer wrote: what is sent since is not overlooked in what WeChat still allows',
    async () => {
      ahead = HOUR
      await start({ WECHAT_PUSH_MAX_AGE: '7200', KEFU_HUMAN_RESERVE: '0' })
      ahead = HOUR
      const customer = service.emulator.user('oLin')
      await customer.sends('一')
      await expect.poll(() => shown('oLin'), { timeout: 15_000 }).toEqual(['答一'])
      ahead = 0
      const send = async (text: string): Promise<unknown> =>
        callControl(service.config.dataDir, 'send', { openId: 'oLin', text })
      for (const text of ['二', '三', '四', '五'])
        expect(await send(text)).toMatchObject({ result: [{ state: 'accepted' }] })
      await expect(send('六')).rejects.toThrow(/All messages that WeChat allows are used/)
      expect(sends('oLin')).toBe(5)
      expect(customer.allowance.remaining).toBe(0)
    },
    SLOW,
  )

  it(
    'back, while an access token ages: WeChat’s word about it counts, and the message arrives once',
    async () => {
      await start({ WECHAT_PUSH_MAX_AGE: '7200' })
      const customer = service.emulator.user('oLin')
      await customer.sends('一')
      await expect.poll(() => shown('oLin'), { timeout: 15_000 }).toEqual(['答一'])
      ahead = -HOUR
      // By our clock the token has three hours now, by WeChat's none.
      service.emulator.advance(2 * HOUR)
      await customer.sends('二')
      await expect.poll(() => shown('oLin'), { timeout: 15_000 }).toEqual(['答一', '答二'])
      ahead = HOUR
      await customer.sends('三')
      await expect.poll(() => shown('oLin'), { timeout: 15_000 }).toEqual(['答一', '答二', '答三'])
      expect(sends('oLin')).toBe(4)
    },
    SLOW,
  )

  it.runIf(kind === 'postgres')(
    'back, in the database, while a process was away: its work is taken over within seconds, not after an hour',
    async () => {
      await start()
      await service.stop()
      const { db } = database?.store ?? {}
      const later = Date.now() + HOUR
      await db?.updateTable('shard').set({ owner: 'gone', lease_until: later }).execute()
      await db?.insertInto('process').values({ id: 'gone', seen_until: later }).execute()
      await service.restart()
      const customer = service.emulator.user('oLin')
      await customer.sends('一')
      await expect.poll(() => shown('oLin'), { timeout: 15_000 }).toEqual(['答一'])
    },
    SLOW,
  )
})
