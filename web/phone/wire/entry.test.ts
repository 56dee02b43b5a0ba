import { describe, expect, it } from 'vitest'
import type { ModelCall } from '../../../src/emulator/model/model-input.js'
import type { ApiCall, Delivery, DeliveryAttempt } from '../../../src/emulator/protocol.js'
import {
  durationOf,
  entries,
  openIdOf,
  outcomeOf,
  previewOf,
  promptOf,
  titleOf,
  type Entry,
} from './entry.js'

const attempt = (startedAt: number, durationMs = 5): DeliveryAttempt => ({
  number: 1,
  startedAt,
  durationMs,
  request: { method: 'POST', url: 'http://127.0.0.1/', headers: {}, body: '' },
  response: null,
  problem: null,
})
const delivery = (id: string, over: Partial<Delivery> = {}): Delivery => ({
  id,
  sequence: 1,
  appId: 'wx1',
  openId: 'o1',
  messageId: null,
  kind: 'text',
  format: 'json',
  mode: 'secure',
  plaintext: '{"Content":"你好 \\"王\\""}',
  attempts: [attempt(10)],
  state: 'answered',
  answer: 'success',
  ...over,
})
const call = (id: string, over: Partial<ApiCall> = {}): ApiCall => ({
  id,
  sequence: 1,
  appId: 'wx1',
  openId: 'o1',
  startedAt: 20,
  durationMs: 3,
  request: { method: 'POST', path: '/cgi-bin/message/custom/send', query: {}, headers: {}, body: '{}' },
  response: { status: 200, headers: {}, body: '{}' },
  errcode: 0,
  faultId: null,
  ...over,
})
const push = (over: Partial<Delivery>): Entry => ({
  kind: 'push',
  key: 'k',
  at: 0,
  delivery: delivery('d', over),
})
const api = (over: Partial<ApiCall>): Entry => ({ kind: 'call', key: 'k', at: 0, call: call('c', over) })

describe('entries', () => {
  it('stand in the order in which they went, a push that is held back behind the one before it', () => {
    const all = entries(
      [
        delivery('a'),
        delivery('held', { attempts: [], state: 'held' }),
        delivery('b', { attempts: [attempt(30)] }),
      ],
      [call('x'), call('y', { startedAt: 5 })],
    )
    expect(all.map((entry) => entry.key)).toEqual(['call-y', 'push-a', 'push-held', 'call-x', 'push-b'])
  })
})

describe('outcomeOf', () => {
  it('tells success, transfer, failure and waiting of a push', () => {
    expect(outcomeOf(push({}))).toEqual({ tone: 'good', text: 'success' })
    expect(outcomeOf(push({ answer: 'transfer' }))).toEqual({ tone: 'noted', text: 'transfer' })
    expect(outcomeOf(push({ state: 'failed', attempts: [attempt(1), attempt(2), attempt(3)] }))).toEqual({
      tone: 'bad',
      text: 'failed ×3',
    })
    expect(outcomeOf(push({ state: 'pending' }))).toEqual({ tone: 'waiting', text: '' })
  })

  it('shows a call’s errcode, status or cut connection', () => {
    expect(outcomeOf(api({}))).toEqual({ tone: 'good', text: 'ok' })
    expect(outcomeOf(api({ errcode: 45015 }))).toEqual({ tone: 'bad', text: '45015' })
    expect(outcomeOf(api({ response: { status: 502, headers: {}, body: '' } }))).toEqual({
      tone: 'bad',
      text: '502',
    })
    expect(outcomeOf(api({ response: null }))).toEqual({ tone: 'bad', text: 'reset' })
  })
})

it('durationOf adds up a push’s attempts once it is settled', () => {
  expect(durationOf(push({ attempts: [attempt(1, 5000), attempt(2, 20)] }))).toBe(5020)
  expect(durationOf(push({ state: 'pending' }))).toBeNull()
  expect(durationOf(api({}))).toBe(3)
})

it('titleOf and previewOf give a glance at JSON and XML', () => {
  expect(titleOf(push({ kind: 'user_enter_tempsession' }))).toBe('user_enter_tempsession')
  expect(titleOf(api({}))).toBe('custom/send')
  expect(previewOf(push({}))).toBe('你好 "王"')
  expect(previewOf(push({ plaintext: '<xml><Content><![CDATA[<b>]]></Content></xml>' }))).toBe('<b>')
  expect(previewOf(push({ plaintext: '<xml><SessionFrom></SessionFrom></xml>' }))).toBe('')
  const body = '{"touser":"o1","msgtype":"text","text":{"content":"在的"}}'
  expect(previewOf(api({ request: { ...call('c').request, body } }))).toBe('在的')
})

describe('a question to the model', () => {
  const asked = (over: Partial<ModelCall> = {}): ModelCall => ({
    sequence: 7,
    at: 15,
    model: 'fake',
    request: {
      messages: [
        { role: 'system', content: '只输出 JSON' },
        { role: 'user', content: '发货吗' },
      ],
    },
    status: 200,
    answer: '{}',
    durationMs: 4,
    isAborted: false,
    ...over,
  })
  const entry = (over: Partial<ModelCall> = {}): Entry => ({
    kind: 'model',
    key: 'k',
    at: 0,
    asked: asked(over),
  })

  it('stands among pushes and calls where it was asked, as nobody’s', () => {
    const all = entries([delivery('a')], [call('x')], [asked()])
    expect(all.map(({ key }) => key)).toEqual(['push-a', 'model-7', 'call-x'])
    expect([titleOf(entry()), previewOf(entry()), durationOf(entry()), openIdOf(entry())]).toEqual([
      'fake',
      '发货吗',
      4,
      null,
    ])
  })

  it.each([
    [{}, { tone: 'good', text: 'ok' }],
    [
      { status: 429, answer: null },
      { tone: 'bad', text: '429' },
    ],
    [{ answer: '' }, { tone: 'bad', text: 'empty' }],
    [
      { status: 0, answer: null, isAborted: true },
      { tone: 'noted', text: 'aborted' },
    ],
  ])('with %j ended as %j', (over, outcome) => {
    expect(outcomeOf(entry(over))).toEqual(outcome)
  })

  it.each([{}, { messages: 1 }, { messages: [null, 'a', {}] }])('shows nothing of %j', (request) => {
    expect(promptOf(asked({ request }))).toEqual([])
  })
})
