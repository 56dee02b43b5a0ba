import Koa from 'koa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Bot } from '../src/bot/index.js'
import { encodePush, type EncodedPush, type PushSecrets } from '../src/wechat/index.js'
import { webhook } from '../src/webhook/index.js'
import { runs } from './support/property-runs.js'
import { startKoa, untilClosed, type Ask, type KoaServer } from './support/koa-server.js'
import { secrets, text } from './support/pushes.js'
import { RecordingLogger } from './support/recording-logger.js'
import { RecordingSender } from './support/recording-sender.js'

/* Requests that nobody signed, in numbers: none may be answered like a push, run a handler, or break the server. */

const apps: readonly PushSecrets[] = [
  secrets,
  { ...secrets, appId: 'wxcompatible', token: 'compatible token', mode: 'compatible' },
  { appId: 'wxplain', token: 'plain token', mode: 'plain' },
]
let server: KoaServer
const logger = new RecordingLogger()
const failures: unknown[] = []
let handled = 0

beforeAll(async () => {
  const bot = new Bot({ api: new RecordingSender(), logger }).use(() => handled++)
  const app = new Koa().use(webhook(bot, { apps, path: '/wechat', logger }))
  app.on('error', (error) => failures.push(error))
  server = await startKoa(app)
})
afterAll(() => server.close())

/** Random numbers that are the same at each run, from 0 up to a bound (xorshift32). */
function randomFrom(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % bound
  }
}

const random = randomFrom(20240425)
const pick = <T>(from: readonly [T, ...T[]]): T => from[random(from.length)] ?? from[0]
const junk = (length: number): string =>
  Array.from({ length }, () =>
    String.fromCodePoint(pick([random(128), random(0x3000), 0x1f600 + random(80)])),
  ).join('')
const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => random(256)))

/** One hostile request of each kind: a spoiled push, or what never was one. */
const kinds: readonly [(push: EncodedPush) => Ask, ...((push: EncodedPush) => Ask)[]] = [
  // A signature with one digit changed, or cut, or of another length.
  ({ query, body }) => ({ query: spoiledSignatures(query), body }),
  // A query in which the signed parts are changed.
  ({ query, body }) => ({ query: { ...query, timestamp: `${query['timestamp']}${random(10)}` }, body }),
  ({ query, body }) => ({ query: { ...query, nonce: junk(1 + random(40)) }, body }),
  // Parameters that are missing, empty, or stand twice.
  ({ query, body }) => ({ query: changed(query, () => []), body }),
  ({ query, body }) => ({ query: changed(query, () => ''), body }),
  ({ query, body }) => ({ query: changed(query, (value) => [value, value]), body }),
  // A ciphertext of which eight characters are changed; a plain push, whose body no signature covers, has none.
  ({ query, body }) => ({
    query: body.includes('Encrypt') ? query : spoiledSignatures(query),
    body: body.replace(/(Encrypt\W+(?:CDATA\[)?)(.{8})/, `$1${junk(8)}`),
  }),
  // Somebody else's token.
  () => {
    const { query, body } = encodePush(
      text('hi'),
      { ...secrets, token: junk(8) },
      { format: pick(['json', 'xml']) },
    )
    return { query, body }
  },
  // Bodies that are no push, with a query that looks like one.
  ({ query }) => ({ query: spoiledSignatures(query), body: bytes(random(300)) }),
  ({ query }) => ({ query: spoiledSignatures(query), body: junk(random(300)) }),
  ({ query }) => ({ query: spoiledSignatures(query), body: `{"Encrypt":"${junk(20)}","MsgType":"text"}` }),
  ({ query }) => ({ query: spoiledSignatures(query), body: `<xml>${`<a>`.repeat(random(2000))}` }),
  ({ query }) => ({
    query: spoiledSignatures(query),
    body: `<xml><Encrypt><![CDATA[${junk(20)}]]></Encrypt></xml>`,
  }),
  ({ query }) => ({
    query: spoiledSignatures(query),
    body: `<!DOCTYPE x [<!ENTITY a "${junk(9)}">]><xml>&a;</xml>`,
  }),
  ({ query }) => ({
    query: spoiledSignatures(query),
    body: `{"__proto__":{"MsgType":"text"},"a":${'['.repeat(99)}`,
  }),
  // Queries of any kind.
  ({ body }) => ({
    query: Object.fromEntries(Array.from({ length: random(20) }, () => [junk(3), junk(9)])),
    body,
  }),
  ({ body }) => ({
    query: { __proto__: 'x', constructor: 'y', signature: ['a', 'b'], 'signature[]': 'c' },
    body,
  }),
]

function spoiledSignatures(query: Record<string, string>): Record<string, string> {
  const spoil = (signature: string): string => {
    const at = random(signature.length)
    const digit = signature[at] === '0' ? '1' : '0'
    const spoiled = signature.slice(0, at) + digit + signature.slice(at + 1)
    return pick([
      spoiled,
      signature.slice(0, at),
      `${signature}0`,
      signature.toUpperCase().replace(/^/, ' '),
      junk(40),
    ])
  }
  return {
    ...query,
    signature: spoil(query['signature'] ?? ''),
    ...(query['msg_signature'] === undefined ? {} : { msg_signature: spoil(query['msg_signature']) }),
  }
}

/** Does something to one of the parameters that each push needs. */
function changed(
  query: Record<string, string>,
  change: (value: string) => string | string[],
): Record<string, string | string[]> {
  const name = pick(['signatures', 'timestamp', 'nonce'])
  if (name !== 'signatures') return { ...query, [name]: change(query[name] ?? '') }
  // Without msg_signature compatible mode takes the other one, so both are changed.
  const { signature = '', msg_signature: ofMessage, ...rest } = query
  return { ...rest, signature: change(signature), ...(ofMessage ? { msg_signature: change(ofMessage) } : {}) }
}

it('10,500 random requests are refused, each as plain text, and none is answered like a push', async () => {
  const count = runs(10_500, 1_050)
  const statuses = new Map<number, number>()
  const pushes = apps.flatMap((app) =>
    (['json', 'xml'] as const).map((format) => encodePush(text('hi'), app, { format })),
  )
  let sent = 0
  async function client(): Promise<void> {
    while (sent < count) {
      const push = pushes[sent++ % pushes.length]
      if (!push) return
      const reply = await server.ask({
        method: pick(['POST', 'POST', 'POST', 'POST', 'POST', 'POST', 'PUT', 'GET']),
        path: pick(['/wechat', '/wechat', '/wechat', '/wechat/wxplain', `/wechat/${secrets.appId}`]),
        type: pick(['application/json', 'text/xml', 'multipart/form-data; boundary=x', undefined]),
        ...pick(kinds)(push),
      })
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1)
      if (reply.status < 400 || reply.status >= 500) failures.push(reply)
      if (!/^(forbidden|bad request|too large|method not allowed)$/.test(reply.body)) failures.push(reply)
      if (reply.type !== 'text/plain; charset=utf-8') failures.push(reply)
      if (reply.headers['x-content-type-options'] !== 'nosniff') failures.push(reply)
    }
  }
  await Promise.all(Array.from({ length: 32 }, client))
  expect(failures).toEqual([])
  expect(handled).toBe(0)
  expect([...statuses.keys()].sort()).toEqual([403, 405])
  expect(logger.messages('error')).toEqual([])

  const good = encodePush(text('still here', { msgId: '1' }), secrets)
  expect(await server.push(good)).toMatchObject({ status: 200, body: 'success' })
  expect(handled).toBe(1)
}, 60_000)

it('what is hardly HTTP ends its own connection and nobody else’s', async () => {
  const before = handled
  const target = 'POST /wechat?signature=a&timestamp=1&nonce=2 HTTP/1.1\r\nHost: kefu\r\n'
  const raws: (string | Buffer)[] = [
    ...Array.from({ length: 30 }, () => bytes(200)),
    '\r\n\r\n\r\n\r\n',
    `${target}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${target}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{"a":1}`,
    `${target}Content-Length: -1\r\n\r\n{}`,
    `${target}Transfer-Encoding: chunked\r\n\r\nZZ\r\n`,
    `${target}X: ${'x'.repeat(20_000)}\r\n\r\n`,
    `GET ${'/'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
    'POST /wechat?%E0%A4%A=%&%%%=%ff HTTP/1.1\r\nHost: kefu\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}',
    'POST /%2e%2e/wechat/%00 HTTP/1.1\r\nHost: kefu\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}',
  ]
  await Promise.all(
    raws.map(async (raw) => {
      const socket = await server.socket()
      const received = untilClosed(socket)
      socket.end(raw)
      const reply = await received
      expect(`${raw.toString().slice(0, 60)} → ${reply.slice(0, 60)}`).not.toMatch(/→ HTTP\/1\.1 [235]/)
    }),
  )
  expect(handled).toBe(before)
  const good = encodePush(text('still here', { msgId: '2' }), secrets)
  expect(await server.push(good)).toMatchObject({ status: 200, body: 'success' })
})
