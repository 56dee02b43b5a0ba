import { request } from 'node:http'
import Koa from 'koa'
import { afterEach, describe, expect, it } from 'vitest'
import { RecordingLogger } from '../../test/support/recording-logger.js'
import { ClientAddress, parseNetworks } from './client-address.js'
import { errorForm } from './error-form.js'
import { listen, type Listening } from './listen.js'
import { Metrics } from './metrics.js'
import { clientKey, rateLimit } from './rate-limit.js'

interface Seen {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly body: string
}

describe('the limit of an address', () => {
  const none = async () => ({ depth: 0, oldestAt: undefined })
  const queues = { inbox: none, outbox: none, webhooks: none, webhooks_dead: none }
  let server: Listening | undefined
  let time = 1_000_000
  const logger = new RecordingLogger()
  afterEach(async () => {
    await server?.close()
    server = undefined
  })

  /** A server, and how it is asked; `trusted` are its proxies. */
  async function serve(trusted: string): Promise<(headers?: Record<string, string>) => Promise<Seen>> {
    const app = new Koa()
      .use(errorForm({ logger, metrics: new Metrics({ queues, now: () => time }) }))
      .use(rateLimit({ client: new ClientAddress(parseNetworks(trusted) ?? []), logger, now: () => time }))
      .use((ctx) => {
        ctx.body = 'ok'
      })
    server = await listen(app.callback(), { host: '127.0.0.1', port: 0, variable: 'PORT' })
    const { url } = server
    return (headers = {}) =>
      new Promise((resolve, reject) => {
        request(url, { headers }, (res) => {
          let body = ''
          res.on('data', (chunk: Buffer) => (body += chunk.toString()))
          res.on('end', () => {
            resolve({ status: res.statusCode ?? 0, retryAfter: res.headers['retry-after'], body })
          })
        })
          .on('error', reject)
          .end()
      })
  }

  async function statuses(ask: () => Promise<Seen>, count: number): Promise<Record<number, number>> {
    const counts: Record<number, number> = {}
    for (let i = 0; i < count; i++) {
      const { status } = await ask()
      counts[status] = (counts[status] ?? 0) + 1
    }
    return counts
  }

  it('is answered 429 in the contract’s form, with when to come again', async () => {
    const ask = await serve('loopback')
    const one = { 'x-forwarded-for': '203.0.113.9' }
    expect(await statuses(() => ask(one), 205)).toEqual({ 200: 200, 429: 5 })
    const { status, retryAfter, body } = await ask(one)
    expect([status, retryAfter]).toEqual([429, '1'])
    expect(JSON.parse(body)).toEqual({ error: { code: 'too_many', message: expect.any(String) as string } })
    time += 1000
    expect(await statuses(() => ask(one), 25)).toEqual({ 200: 20, 429: 5 })
  })

  it('is each address’s own', async () => {
    const ask = await serve('loopback')
    await statuses(() => ask({ 'x-forwarded-for': '203.0.113.9' }), 205)
    expect((await ask({ 'x-forwarded-for': '203.0.113.10' })).status).toBe(200)
  })

  it('is wide for who shows a key or a session', async () => {
    const ask = await serve('loopback')
    const headers = { 'x-forwarded-for': '203.0.113.9', cookie: '__Host-session=x' }
    expect(await statuses(() => ask(headers), 400)).toEqual({ 200: 400 })
  })

  it('can’t be escaped by a header that the client wrote, behind a proxy or without one', async () => {
    let nth = 0
    const spoofed = (): string => `198.51.100.${nth++ % 250}`
    const behind = await serve('loopback')
    // The proxy adds the address it sees, behind what the client wrote.
    expect(await statuses(() => behind({ 'x-forwarded-for': `${spoofed()}, 203.0.113.9` }), 250)).toEqual({
      200: 200,
      429: 50,
    })
    await server?.close()
    const direct = await serve('10.0.0.0/8')
    expect(await statuses(() => direct({ 'x-forwarded-for': spoofed() }), 250)).toEqual({ 200: 200, 429: 50 })
    expect(logger.messages('warn').join()).toContain('KEFU_TRUST_PROXY')
  })

  it('does not count what this machine’s own programs ask', async () => {
    const ask = await serve('')
    expect(await statuses(() => ask(), 300)).toEqual({ 200: 300 })
  })

  it('takes a network of IPv6 for one client', () => {
    const same = ['2001:db8::1', '2001:db8::2', '2001:0DB8:0:0:ffff::1', '2001:db8:0:0:1:2:3:4']
    expect(new Set(same.map(clientKey))).toEqual(new Set(['2001:db8:0:0']))
    expect(clientKey('2001:db8:0:1::1')).not.toBe(clientKey('2001:db8::1'))
    expect(clientKey('203.0.113.9')).toBe('203.0.113.9')
  })
})
