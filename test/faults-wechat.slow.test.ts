import { afterEach, describe, expect, it } from 'vitest'
import { allowanceOf, defaultAllowanceRules } from '../src/conversation/index.js'
import type { FaultInput } from '../src/emulator/index.js'
import { callControl } from '../src/server/control-client.js'
import { openStore } from '../src/store/index.js'
import { tcpProxy, type TcpProxy } from './support/tcp-proxy.js'
import { startTestService, type TestService } from './support/test-service.js'

const SEND = '/cgi-bin/message/custom/send'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const SLOW = 60_000
const echo = {
  rules: [
    { name: 'echo', when: { text: { matches: '(.+)' } }, then: [{ reply: { text: '答{{match.1}}' } }] },
  ],
}

let service: TestService
let network: TcpProxy | undefined
/** What the service's clock is ahead of the real one. */
let ahead = 0
afterEach(async () => {
  await service.close()
  await network?.close()
  network = undefined
  ahead = 0
})

async function start(environment: Record<string, string> = {}): Promise<void> {
  service = await startTestService(environment, { now: () => Date.now() + ahead })
  await callControl(service.config.dataDir, 'import-rules', echo)
}

/** A service that reaches WeChat through a network that can fail. */
async function startBehindNetwork(): Promise<TcpProxy> {
  await start()
  network = await tcpProxy({ host: '127.0.0.1', port: service.emulator.port })
  await service.restart({ WECHAT_API_URL: `http://127.0.0.1:${network.port}` })
  return network
}

/** How many requests for a customer's messages reached WeChat. */
function sends(openId: string): number {
  return service.emulator.calls.filter((call) => call.request.path === SEND && call.openId === openId).length
}

/** How many messages wait to be sent, or are on their way. */
async function waiting(): Promise<number> {
  const { text } = await service.get('/metrics')
  return Number(/^kefu_queue_depth\{queue="outbox"\} (\d+)$/m.exec(text)?.[1] ?? NaN)
}

/** What the phone shows of the service's messages. */
function shown(openId: string): string[] {
  return service.emulator
    .user(openId)
    .messages.filter(({ from }) => from === 'service')
    .map(({ content }) => ('content' in content ? content.content : content.msgType))
}

interface Sent {
  readonly text: string
  readonly state: string | null
  readonly errcode: number | null
  readonly problem: string | null
  readonly rid: string | null
  readonly notBefore: number | null
}

/** A conversation's outgoing messages and what its allowance is thought to be, as the database has it. Stops the service. */
async function kept(openId: string): Promise<{ sent: Sent[]; remaining: number }> {
  await service.stop()
  const store = await openStore(service.config.databaseUrl)
  try {
    const conversation = await store.db
      .selectFrom('conversation as c')
      .innerJoin('contact', 'contact.id', 'c.contact_id')
      .selectAll('c')
      .where('contact.open_id', '=', openId)
      .executeTakeFirstOrThrow()
    const rows = await store.db
      .selectFrom('message')
      .selectAll()
      .where('conversation_id', '=', conversation.id)
      .where('direction', '=', 'outgoing')
      .orderBy('id')
      .execute()
    const allowance = allowanceOf(
      {
        messageSeconds: conversation.message_seconds,
        messageReceivedAt: conversation.message_received_at,
        enterSeconds: conversation.enter_seconds,
        enterReceivedAt: conversation.enter_received_at,
        corrected: conversation.corrected,
      },
      rows.flatMap(({ state, sent_at: sentAt }) => (state === null ? [] : [{ state, sentAt }])),
      defaultAllowanceRules,
      Date.now() + ahead,
    )
    return {
      sent: rows.map((row) => ({
        text: (JSON.parse(row.content) as { content: string }).content,
        state: row.state,
        errcode: row.errcode,
        problem: row.problem,
        rid: row.rid,
        notBefore: row.not_before,
      })),
      remaining: allowance.remaining,
    }
  } finally {
    await store.close()
  }
}

const rid = expect.stringMatching(/^[\w-]+$/) as string

describe('what WeChat answers', () => {
  it.each<{ fault: FaultInput; requests: number; state: string; errcode: number | null; words: RegExp }>([
    { fault: { errcode: -1, times: 4 }, requests: 4, state: 'failed', errcode: -1, words: /system/ },
    { fault: { errcode: 40001, times: 2 }, requests: 2, state: 'failed', errcode: 40001, words: /./ },
    { fault: { errcode: 42001, times: 2 }, requests: 2, state: 'failed', errcode: 42001, words: /./ },
    { fault: { errcode: 45162 }, requests: 1, state: 'failed', errcode: 45162, words: /./ },
    { fault: { errcode: 70000 }, requests: 1, state: 'failed', errcode: 70000, words: /./ },
    {
      fault: { status: 502 },
      requests: 1,
      state: 'unknown',
      errcode: null,
      words: /^network:unknown$/,
    },
    { fault: { reset: 'before' }, requests: 1, state: 'unknown', errcode: null, words: /^network:unknown$/ },
    { fault: { reset: 'after' }, requests: 1, state: 'unknown', errcode: null, words: /^network:unknown$/ },
    { fault: { delayMs: 12_000 }, requests: 1, state: 'unknown', errcode: null, words: /^network:unknown$/ },
  ])(
    'decides what becomes of a message, and the next goes on: $fault',
    async ({ fault, requests, state, errcode, words }) => {
      await start()
      const customer = service.emulator.user('oLin')
      service.emulator.faults.add({ path: SEND, openId: 'oLin', ...fault })
      await customer.sends('一')
      await expect.poll(() => sends('oLin'), { timeout: 20_000 }).toBe(requests)
      await expect.poll(waiting, { timeout: 20_000 }).toBe(0)
      await customer.sends('二')
      await expect.poll(() => shown('oLin'), { timeout: 20_000 }).toContain('答二')
      const left = service.emulator.user('oLin').allowance.remaining
      const { sent, remaining } = await kept('oLin')
      expect(sent).toEqual([
        {
          text: '答一',
          state,
          errcode,
          problem: expect.stringMatching(words) as string,
          rid: errcode === null ? null : rid,
          notBefore: null,
        },
        { text: '答二', state: 'accepted', errcode: null, problem: null, rid: null, notBefore: null },
      ])
      // The customer has written since, so both know of one message after that.
      expect(remaining).toBe(4)
      expect(left).toBe(4)
    },
    SLOW,
  )

  it('gives the token up once: what is sent with another one arrives', async () => {
    await start()
    const customer = service.emulator.user('oLin')
    service.emulator.faults.add({ path: SEND, errcode: 42001 })
    await customer.sends('一')
    expect(await customer.receivesText({ timeoutMs: 15_000 })).toBe('答一')
    expect(sends('oLin')).toBe(2)
    expect(await kept('oLin')).toMatchObject({ sent: [{ state: 'accepted', errcode: null }], remaining: 4 })
  })

  it('is tried again while WeChat is busy for a moment', async () => {
    await start()
    const customer = service.emulator.user('oLin')
    service.emulator.faults.add({ path: SEND, errcode: -1, times: 2 })
    await customer.sends('一')
    expect(await customer.receivesText({ timeoutMs: 15_000 })).toBe('答一')
    expect(sends('oLin')).toBe(3)
    expect(await kept('oLin')).toMatchObject({ sent: [{ state: 'accepted' }], remaining: 4 })
  })

  it.each([45009, 45011])(
    'puts a message off for a minute, and what stands behind it: %d',
    async (errcode) => {
      await start()
      const customer = service.emulator.user('oLin')
      service.emulator.faults.add({ path: SEND, openId: 'oLin', errcode })
      await customer.sends('一')
      await expect.poll(() => sends('oLin')).toBe(1)
      await customer.sends('二')
      // Another customer's goes out meanwhile.
      await service.emulator.user('oWei').sends('三')
      await expect.poll(() => shown('oWei')).toEqual(['答三'])
      expect(sends('oLin')).toBe(1)
      ahead = MINUTE + 1000
      await service.emulator.user('oWei').sends('四')
      expect(await customer.receivesText({ timeoutMs: 15_000 })).toBe('答一')
      expect(await customer.receivesText({ timeoutMs: 15_000 })).toBe('答二')
      expect(sends('oLin')).toBe(3)
      const left = service.emulator.user('oLin').allowance.remaining
      const { sent, remaining } = await kept('oLin')
      expect(sent).toMatchObject([
        { state: 'accepted', errcode: null, problem: null },
        { state: 'accepted', errcode: null, problem: null },
      ])
      expect(remaining).toBe(left)
    },
    SLOW,
  )

  it('says while a message waits why it does, also over a restart', async () => {
    await start()
    service.emulator.faults.add({ path: SEND, errcode: 45011 })
    const customer = service.emulator.user('oLin')
    await customer.sends('一')
    await expect.poll(() => sends('oLin')).toBe(1)
    const { sent, remaining } = await kept('oLin')
    expect(sent).toMatchObject([{ state: 'queued', errcode: 45011, rid }])
    expect((sent[0]?.notBefore ?? 0) - Date.now()).toBeLessThanOrEqual(MINUTE)
    // It counts while it waits: it will cost one.
    expect(remaining).toBe(4)
    ahead = MINUTE + 1000
    await service.restart()
    expect(await customer.receivesText({ timeoutMs: 15_000 })).toBe('答一')
    expect(sends('oLin')).toBe(2)
  })

  it.each([
    { errcode: 45047, problem: 'count_used' },
    { errcode: 45015, problem: 'window_expired' },
  ])(
    'corrects the estimate, and what is queued for the same customer does not try its luck: $errcode',
    async ({ errcode, problem }) => {
      await start()
      const customer = service.emulator.user('oLin')
      service.emulator.faults.add({ path: SEND, openId: 'oLin', errcode: 45011 })
      await customer.sends('一')
      await expect.poll(() => sends('oLin')).toBe(1)
      service.emulator.faults.add({ path: SEND, openId: 'oLin', errcode })
      await customer.sends('二')
      ahead = MINUTE + 1000
      await service.emulator.user('oWei').sends('三')
      await expect.poll(() => sends('oLin')).toBe(2)
      await expect.poll(waiting).toBe(0)
      expect(await kept('oLin')).toMatchObject({
        sent: [
          { text: '答一', state: 'failed', errcode, rid },
          { text: '答二', state: 'cancelled', errcode: null, problem },
        ],
        remaining: 0,
      })
      expect(sends('oLin')).toBe(2)
      // The customer's next sign gives all of it again.
      await service.restart()
      await customer.sends('四')
      expect(await customer.receivesText({ timeoutMs: 15_000 })).toBe('答四')
      expect(await kept('oLin')).toMatchObject({ remaining: 4 })
    },
    SLOW,
  )

  it('does not let a refusal of what left before the customer’s last sign spoil what that sign gave', async () => {
    await start()
    const customer = service.emulator.user('oLin')
    // Refused by the first sign's measure, and the word of it comes after the second sign.
    service.emulator.faults.add({ path: SEND, openId: 'oLin', errcode: -1, times: 2 })
    service.emulator.faults.add({ path: SEND, openId: 'oLin', errcode: 45047 })
    await customer.sends('一')
    await expect.poll(() => sends('oLin')).toBeGreaterThan(0)
    await customer.sends('二')
    expect(await customer.receivesText({ timeoutMs: 15_000 })).toBe('答二')
    expect(await kept('oLin')).toMatchObject({
      sent: [
        { state: 'failed', errcode: 45047 },
        { state: 'accepted', errcode: null },
      ],
      remaining: 4,
    })
  })
})

describe('the time to reply', () => {
  it('is over before a queued message leaves: it is cancelled, and WeChat is not asked', async () => {
    await start()
    const customer = service.emulator.user('oLin')
    service.emulator.faults.add({ path: SEND, errcode: 45009 })
    await customer.sends('一')
    await expect.poll(() => sends('oLin')).toBe(1)
    ahead = 48 * HOUR + MINUTE
    await service.restart({ WECHAT_PUSH_MAX_AGE: '0' })
    await expect.poll(waiting).toBe(0)
    expect(await kept('oLin')).toMatchObject({
      sent: [{ state: 'cancelled', problem: 'window_expired' }],
      remaining: 0,
    })
    expect(sends('oLin')).toBe(1)
  })
})

describe('the network', () => {
  it(
    'is away: nothing leaves, all waits, and goes out once and in order when it is back',
    async () => {
      const between = await startBehindNetwork()
      const customer = service.emulator.user('oLin')
      await between.cut()
      await customer.sends('一')
      await customer.sends('二')
      await expect.poll(() => service.log).toContain("can't be reached")
      expect(sends('oLin')).toBe(0)
      await between.restore()
      expect(await customer.receivesText({ timeoutMs: 30_000 })).toBe('答一')
      expect(await customer.receivesText({ timeoutMs: 30_000 })).toBe('答二')
      expect(sends('oLin')).toBe(2)
      expect(await kept('oLin')).toMatchObject({
        sent: [{ state: 'accepted' }, { state: 'accepted' }],
        remaining: 3,
      })
    },
    SLOW,
  )

  it(
    'does not know WeChat’s name: nothing leaves, and the message goes out when it does',
    async () => {
      await start()
      const customer = service.emulator.user('oLin')
      await service.restart({ WECHAT_API_URL: 'http://api.weixin.invalid' })
      await customer.sends('一')
      await expect.poll(() => service.log, { timeout: 15_000 }).toMatch(/ENOTFOUND|EAI_AGAIN/)
      await service.restart()
      expect(await customer.receivesText({ timeoutMs: 15_000 })).toBe('答一')
      expect(sends('oLin')).toBe(1)
      expect(await kept('oLin')).toMatchObject({ sent: [{ state: 'accepted' }], remaining: 4 })
    },
    SLOW,
  )

  it(
    'takes a connection and never answers: what left on it is unknown, what only needed a token waits',
    async () => {
      const between = await startBehindNetwork()
      const customer = service.emulator.user('oLin')
      between.loseAll()
      // No token yet, so the message itself never leaves.
      await customer.sends('一')
      await expect.poll(() => between.lost).toBeGreaterThan(0)
      await between.restore()
      expect(await customer.receivesText({ timeoutMs: 30_000 })).toBe('答一')
      // With a token it does.
      await expect.poll(waiting).toBe(0)
      between.loseAll()
      const lost = between.lost
      await customer.sends('二')
      await expect.poll(() => between.lost).toBeGreaterThan(lost)
      await between.restore()
      await customer.sends('三')
      expect(await customer.receivesText({ timeoutMs: 30_000 })).toBe('答三')
      expect(sends('oLin')).toBe(2)
      expect(await kept('oLin')).toMatchObject({
        sent: [
          { text: '答一', state: 'accepted' },
          { text: '答二', state: 'unknown', problem: 'network:unknown' },
          { text: '答三', state: 'accepted' },
        ],
        // It may have cost one of what the third gave.
        remaining: 3,
      })
    },
    SLOW,
  )

  it(
    'drops a connection that is idle: the next message takes another one and arrives',
    async () => {
      const between = await startBehindNetwork()
      const customer = service.emulator.user('oLin')
      await customer.sends('一')
      expect(await customer.receivesText({ timeoutMs: 15_000 })).toBe('答一')
      await expect.poll(waiting).toBe(0)
      // Dead without a word, as behind a firewall that forgets: nobody may send on it.
      const before = between.connections
      between.lose()
      await expect.poll(() => between.open, { timeout: 15_000 }).toBe(0)
      await customer.sends('二')
      expect(await customer.receivesText({ timeoutMs: 15_000 })).toBe('答二')
      expect(between.connections).toBeGreaterThan(before)
      expect(await kept('oLin')).toMatchObject({ sent: [{ state: 'accepted' }, { state: 'accepted' }] })
    },
    SLOW,
  )
})
