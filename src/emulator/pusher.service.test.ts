import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  startPushReceiver,
  type PushReceiver,
  type Received,
  type ReceiverAnswer,
} from '../../test/push-receiver.js'
import {
  decodePush,
  encodeAnswer,
  encryptAnswer,
  type Format,
  type Mode,
  type PushSecrets,
} from '../wechat/index.js'
import { createEmulator, type AppInput, type Emulator } from './index.js'
import { patience } from '../../test/support/patience.js'

const secrets = {
  appId: 'wx00000000000000a1',
  token: 'token-of-a1',
  encodingAESKey: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ',
}
const failureLine = '该小程序提供的服务出现故障，请稍后再试'

let receiver: PushReceiver
let emulator: Emulator
let answer: (request: Received) => ReceiverAnswer | Promise<ReceiverAnswer>

beforeEach(async () => {
  answer = () => 'success'
  receiver = await startPushReceiver((request) => answer(request))
  emulator = await createEmulator(patience)
})
afterEach(async () => {
  await emulator.close()
  await receiver.close()
})

/** Another emulator, for tests that must not wait as long as WeChat does. */
async function startImpatient(): Promise<void> {
  await emulator.close()
  emulator = await createEmulator({ ...patience, pushTimeoutMs: 100 })
}

function add(changes: Partial<AppInput> = {}): PushSecrets {
  emulator.addApp({ ...secrets, appSecret: 'secret', pushUrl: receiver.url, ...changes })
  return { ...secrets, mode: changes.mode }
}

const never = (): void => undefined
const transfer = (how: PushSecrets) => (request: Received) =>
  encodeAnswer('transfer', decodePush(request.body, request.query, how), how).body

const modes: Mode[] = ['plain', 'compatible', 'secure']
const formats: Format[] = ['json', 'xml']
const kinds = modes.flatMap((mode) => formats.map((format) => [mode, format] as const))

describe.each(kinds)('a push in %s mode and %s', (mode, format) => {
  it('can be read as WeChat’s, whatever the customer wrote', async () => {
    const how = add({ mode, format })
    // How it looks unsplit is in quirks.service.test.ts.
    emulator.quirks.set({ unsplitCdata: false })
    const content = '你好 😀 <b>&amp;</b> ]]> "\\u4f60"\n'
    const delivery = await emulator.user('o1').sends(content)
    const [request] = receiver.received
    const push = decodePush(request?.body ?? '', request?.query ?? {}, how)
    expect(push.payload).toMatchObject({ msgType: 'text', content, fromUserName: 'o1' })
    expect(push).toMatchObject({ openId: 'o1', format, encrypted: mode !== 'plain' })
    expect(delivery).toMatchObject({ kind: 'text', mode, format, state: 'answered', answer: 'success' })
    expect(delivery.plaintext).toBe(push.plaintext)
  })

  it('carries WeChat’s headers and query', async () => {
    add({ mode, format })
    await emulator.user('o1').enters({ sessionFrom: 'order=1' })
    const [request] = receiver.received
    expect(request?.method).toBe('POST')
    expect(request?.headers).toMatchObject({
      'user-agent': 'Mozilla/4.0',
      'content-type': format === 'json' ? 'application/json' : 'text/xml',
    })
    const signed = ['signature', 'timestamp', 'nonce', 'openid']
    expect(Object.keys(request?.query ?? {})).toEqual(
      mode === 'plain' ? signed : [...signed, 'encrypt_type', 'msg_signature'],
    )
    expect(Math.abs(Number(request?.query['timestamp']) - Date.now() / 1000)).toBeLessThan(5)
  })

  it('hands the conversation to WeChat’s own agents when it is answered so', async () => {
    const how = add({ mode, format })
    answer = transfer(how)
    const user = emulator.user('o1')
    const delivery = await user.sends('人工')
    expect(delivery).toMatchObject({ state: 'answered', answer: 'transfer' })
    expect(delivery.attempts[0]?.response?.plaintext).toContain('transfer_customer_service')
    expect(user.withOfficial).toBe(true)
  })
})

describe('pushes', () => {
  it('carry the Content-Type that the app wants, right or wrong', async () => {
    const how = add({ contentType: 'text/xml' })
    await emulator.user('o1').sends('你好')
    const [request] = receiver.received
    expect(request?.headers['content-type']).toBe('text/xml')
    expect(decodePush(request?.body ?? '', request?.query ?? {}, how).format).toBe('json')
  })

  it('keep the query that the URL has', async () => {
    add({ pushUrl: `${receiver.url}?tenant=a%20b` })
    await emulator.user('o1').sends('你好')
    expect(receiver.received[0]?.query).toMatchObject({ tenant: 'a b', openid: 'o1' })
  })

  it('of neighbouring messages have neighbouring ids beyond 2^53', async () => {
    const how = add()
    for (const content of ['1', '2', '3']) await emulator.user('o1').sends(content)
    const ids = receiver.received.map(({ body, query }) => {
      const { payload } = decodePush(body, query, how)
      return 'msgId' in payload ? BigInt(payload.msgId) : 0n
    })
    expect(ids[0]).toBeGreaterThan(2n ** 53n)
    expect(ids.map((id) => id - (ids[0] ?? 0n))).toEqual([0n, 1n, 2n])
  })

  it('carry messages and events of any kind', async () => {
    const how = add({ format: 'xml' })
    const user = emulator.user('o1')
    await user.sends({ msgType: 'miniprogrampage', title: '订单', pagePath: 'pages/a?b=1&c=2' })
    await user.sends({ msgType: 'other', type: 'voice', fields: { Format: 'amr' } })
    await user.sends({
      msgType: 'event',
      event: 'subscribe_msg_popup_event',
      fields: { List: [{ a: '1' }, { a: '2' }] },
    })
    const pushes = receiver.received.map(({ body, query }) => decodePush(body, query, how).payload)
    expect(pushes).toMatchObject([
      { msgType: 'miniprogrampage', title: '订单', pagePath: 'pages/a?b=1&c=2', appId: secrets.appId },
      { msgType: 'other', type: 'voice', fields: { Format: 'amr' } },
      { msgType: 'event', event: 'other', type: 'subscribe_msg_popup_event', list: [{ a: '1' }, { a: '2' }] },
    ])
    expect(user.messages).toHaveLength(2)
    expect(emulator.deliveries.map(({ kind }) => kind)).toEqual([
      'miniprogrampage',
      'voice',
      'subscribe_msg_popup_event',
    ])
  })

  it('are made three times with the very same body and query when no answer comes in time', async () => {
    await startImpatient()
    add()
    answer = () => never
    const user = emulator.user('o1')
    const delivery = await user.sends('你好')
    expect(delivery).toMatchObject({ state: 'failed', answer: null })
    expect(delivery.attempts.map(({ number, problem, response }) => [number, problem, response])).toEqual(
      [1, 2, 3].map((number) => [number, 'No answer within 0.1 s.', null]),
    )
    expect(receiver.received).toHaveLength(3)
    const [first, ...others] = receiver.received.map(({ body, query }) => ({ body, query }))
    for (const request of others) expect(request).toEqual(first)
    expect((await user.receives()).content).toEqual({
      msgType: 'system',
      kind: 'failure',
      content: failureLine,
    })
  })

  it('are made until one is answered', async () => {
    add()
    answer = () => (receiver.received.length < 2 ? { status: 500, body: 'Error' } : '')
    const user = emulator.user('o1')
    const delivery = await user.sends('你好')
    expect(delivery).toMatchObject({ state: 'answered', answer: 'success' })
    expect(delivery.attempts.map(({ problem }) => problem)).toEqual([
      'The answer’s status is 500; WeChat wants 200.',
      null,
    ])
    expect(user.messages).toHaveLength(1)
  })

  it.each<[string, ReceiverAnswer, RegExp]>([
    ['another status', { status: 204, body: '' }, /status is 204/],
    ['a redirect', { status: 302, body: '' }, /status is 302/],
    ['a passive text', '<xml><MsgType>text</MsgType></xml>', /./],
    ['a page', '<html>oops</html>', /./],
    ['OK', 'OK', /./],
    ['null', 'null', /./],
    ['a byte order mark', '\ufeffsuccess', /./],
    ['a transfer in plain text', JSON.stringify({ MsgType: 'transfer_customer_service' }), /plain text/],
    ['a megabyte', 'x'.repeat(1_000_000), /larger than/],
    ['a broken connection', (res: ServerResponse) => res.destroy(), /No answer from 127\.0\.0\.1/],
  ])('fail when the answer is %s', async (_what, how, problem) => {
    add()
    answer = () => how
    const delivery = await emulator.user('o1').sends('你好')
    expect(delivery.state).toBe('failed')
    expect(delivery.attempts).toHaveLength(3)
    expect(delivery.attempts[0]?.problem).toMatch(problem)
  })

  it('fail when half an answer is all that comes in time', async () => {
    await startImpatient()
    add()
    answer = () => (res) => res.writeHead(200, { 'content-length': '9' }).write('succ')
    const delivery = await emulator.user('o1').sends('你好')
    expect(delivery.attempts.map(({ problem }) => problem)).toEqual(Array(3).fill('No answer within 0.1 s.'))
  })

  it('fail when nothing listens', async () => {
    add()
    await receiver.close()
    const delivery = await emulator.user('o1').sends('你好')
    expect(delivery.attempts.map(({ problem }) => problem)).toEqual(
      Array(3).fill(expect.stringContaining('nothing listens there (ECONNREFUSED)')),
    )
  })

  it('fail when a transfer was encrypted with another key, or is not addressed to the customer', async () => {
    const how = add()
    const seal = (fields: object, key: PushSecrets): string =>
      encryptAnswer(JSON.stringify({ ...fields, MsgType: 'transfer_customer_service' }), 'json', key, {
        timestamp: 1,
        nonce: '1',
      })
    const { originalId } = emulator.addApp({ ...secrets, appSecret: 's', pushUrl: receiver.url })
    const right = { ToUserName: 'o1', FromUserName: originalId }
    const user = emulator.user('o1')
    answer = () => seal(right, { ...how, encodingAESKey: 'Q'.repeat(43) })
    expect((await user.sends('a')).state).toBe('failed')
    answer = () => seal({ ToUserName: originalId, FromUserName: 'o1' }, how)
    expect((await user.sends('a')).attempts[0]?.problem).toContain('swapped')
    answer = () => seal(right, how)
    expect((await user.sends('a')).answer).toBe('transfer')
  })

  it('of events fail when they are answered with a transfer', async () => {
    answer = transfer(add())
    const user = emulator.user('o1')
    const delivery = await user.enters()
    expect(delivery.state).toBe('failed')
    expect(delivery.attempts[0]?.problem).toContain('answers an event')
    expect(user.withOfficial).toBe(false)
  })

  it('of events that concern no conversation fail without a line on the phone', async () => {
    add()
    answer = () => ({ status: 500, body: '' })
    const user = emulator.user('o1')
    expect((await user.sends({ msgType: 'event', event: 'wxa_media_check' })).state).toBe('failed')
    expect(user.messages).toEqual([])
  })

  it('of one customer follow each other, those of others do not wait', async () => {
    add()
    const waiting: (() => void)[] = []
    answer = ({ query }) =>
      query['openid'] === 'slow' ? (res) => waiting.push(() => res.end('success')) : 'success'
    const first = emulator.user('slow').sends('1')
    const second = emulator.user('slow').sends('2')
    await Promise.all(Array.from({ length: 30 }, (_, i) => emulator.user(`fast-${i}`).sends('你好')))
    const slow = (): Received[] => receiver.received.filter(({ query }) => query['openid'] === 'slow')
    expect(slow()).toHaveLength(1)
    waiting.shift()?.()
    expect((await first).state).toBe('answered')
    await expect.poll(() => waiting.length).toBe(1)
    waiting.shift()?.()
    expect((await second).state).toBe('answered')
  })
})

describe('faults of pushes', () => {
  const contents = (how: PushSecrets): string[] =>
    receiver.received.map(({ body, query }) => {
      const { payload } = decodePush(body, query, how)
      return 'content' in payload ? payload.content : ''
    })

  it('push the same push twice at once', async () => {
    add()
    const waiting: ServerResponse[] = []
    answer = () => (res) => {
      waiting.push(res)
      // Only when both are here is either answered.
      if (waiting.length === 2) for (const one of waiting) one.end('success')
    }
    emulator.faults.add({ push: 'duplicate' })
    const delivery = await emulator.user('o1').sends('你好')
    expect(delivery.attempts.map(({ number }) => number).sort()).toEqual([1, 2])
    expect(delivery.answer).toBe('success')
    const [one, two] = receiver.received
    expect([two?.body, two?.query]).toEqual([one?.body, one?.query])
    expect(emulator.faults.items).toEqual([])
  })

  it('keep a push back until the customer’s next one has been made', async () => {
    const how = add()
    emulator.faults.add({ push: 'reorder', openId: 'o1', times: 2 })
    const user = emulator.user('o1')
    const first = user.sends('1')
    expect(emulator.deliveries.at(-1)?.state).toBe('held')
    await emulator.user('o2').sends('from another')
    await user.sends('2')
    expect((await first).state).toBe('answered')
    const third = user.sends('3')
    await user.enters()
    await third
    expect(contents(how)).toEqual(['from another', '2', '1', '', '3'])
    await user.sends('4')
    expect(contents(how).at(-1)).toBe('4')
  })

  it('let go what they keep back when they are cleared', async () => {
    const how = add()
    emulator.faults.add({ push: 'reorder' })
    const held = emulator.user('o1').sends('1')
    emulator.faults.clear()
    expect((await held).state).toBe('answered')
    expect(contents(how)).toEqual(['1'])
  })
})

describe('a reset', () => {
  it('ends pushes that are under way or kept back, and shows nothing of them', async () => {
    add()
    answer = () => never
    const user = emulator.user('o1')
    const underWay = user.sends('1')
    const behind = user.sends('2')
    emulator.faults.add({ push: 'reorder', openId: 'o2' })
    const held = emulator.user('o2').sends('3')
    await expect.poll(() => receiver.received.length).toBe(1)
    await emulator.reset()
    for (const delivery of await Promise.all([underWay, behind, held])) expect(delivery.state).toBe('failed')
    expect(user.messages).toEqual([])
    expect(emulator.deliveries).toEqual([])
    answer = () => 'success'
    expect((await user.sends('4')).state).toBe('answered')
  })
})
