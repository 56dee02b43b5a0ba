import { request } from 'node:http'
import Koa from 'koa'
import { afterEach, describe, expect, it } from 'vitest'
import { RecordingLogger } from '../../test/support/recording-logger.js'
import { HttpError } from './http-error.js'
import { parseNetworks } from '../config/networks.js'
import { ClientAddress } from './client-address.js'
import { errorForm } from './error-form.js'
import { listen, type Listening } from './listen.js'
import { clientKey, rateLimit } from './rate-limit.js'

interface Seen {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly body: string
}

describe('the limit of an address', () => {
  let server: Listening | undefined
  let time = 1_000_000
  let looks = 0
  const logger = new RecordingLogger()
  afterEach(async () => {
    await server?.close()
    server = undefined
  })

  /** A server, and how it is asked; `trusted` are its proxies. */
  async function serve(
    trusted: string,
  ): Promise<(headers?: Record<string, string>, path?: string) => Promise<Seen>> {
    const app = new Koa()
      .use(errorForm({ logger, known: () => undefined }))
      .use(
        rateLimit({
          client: new ClientAddress({ trustedProxies: parseNetworks(trusted) ?? [] }),
          principalOf: async (ctx) => {
            looks++
            if (ctx.get('cookie') === 'kefu=holds')
              return { kind: 'agent', id: 1, name: 'a', role: 'agent', apps: 'all' }
            if (ctx.get('authorization') !== '') throw new HttpError('unauthorized', 'Not known.')
            if (ctx.get('cookie') === 'kefu=away') throw new Error('the database is away')
            return undefined
          },
          logger,
          now: () => time,
        }),
      )
      .use((ctx) => {
        ctx.body = 'ok'
      })
    server = await listen(app.callback(), { host: '127.0.0.1', port: 0, variable: 'PORT' })
    const { url } = server
    return (headers = {}, path = '/api/v1/x') =>
      new Promise((resolve, reject) => {
        request(url + path, { headers }, (res) => {
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

  it('is wide for whose key or session holds', async () => {
    const ask = await serve('loopback')
    const headers = { 'x-forwarded-for': '203.0.113.9', cookie: 'kefu=holds' }
    expect(await statuses(() => ask(headers), 400)).toEqual({ 200: 400 })
    // The page's files ask nobody, and count as what held of late.
    expect(await statuses(() => ask(headers, '/assets/a.js'), 300)).toEqual({ 200: 300 })
  })

  it.each([
    { cookie: 'x=1' },
    { cookie: 'kefu=made-up' },
    { authorization: 'Bearer made-up' },
    { authorization: 'Basic eDp5' },
  ])('is an address’s small one for %o, on every path', async (shown) => {
    for (const path of ['/api/v1/x', '/', '/assets/a.js', '/metrics']) {
      const ask = await serve('loopback')
      const headers = { 'x-forwarded-for': '203.0.113.9', ...shown }
      expect(await statuses(() => ask(headers, path), 205), path).toEqual({ 200: 200, 429: 5 })
      await server?.close()
    }
    server = undefined
  })

  it('of a stranger leaves room for whose session holds, and the other way round', async () => {
    const ask = await serve('loopback')
    const stranger = { 'x-forwarded-for': '203.0.113.9', cookie: 'kefu=made-up' }
    await statuses(() => ask(stranger), 300)
    const agent = { ...stranger, cookie: 'kefu=holds' }
    expect(await statuses(() => ask(agent), 100)).toEqual({ 200: 100 })
  })

  it('bounds how often it is looked whose a session is', async () => {
    const ask = await serve('loopback')
    looks = 0
    await statuses(() => ask({ 'x-forwarded-for': '203.0.113.9', cookie: 'kefu=made-up' }), 1200)
    expect(looks).toBe(1000)
  })

  it('takes nobody for a stranger while the database is away', async () => {
    const ask = await serve('loopback')
    const headers = { 'x-forwarded-for': '203.0.113.9', cookie: 'kefu=away' }
    expect(await statuses(() => ask(headers), 300)).toEqual({ 200: 300 })
  })

  it('is another one for a balancer that asks whether we are well', async () => {
    const ask = await serve('')
    await statuses(() => ask(), 300)
    expect((await ask()).status).toBe(429)
    expect((await ask({}, '/readyz')).status).toBe(200)
    expect(await statuses(() => ask({ cookie: 'kefu=holds' }, '/healthz'), 100)).toEqual({ 200: 59, 429: 41 })
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

  it('holds for programs of this machine too', async () => {
    const ask = await serve('')
    expect(await statuses(() => ask({ host: 'localhost' }), 250)).toEqual({ 200: 200, 429: 50 })
  })

  it('takes a network of IPv6 for one client', () => {
    const same = ['2001:db8::1', '2001:db8::2', '2001:0DB8:0:0:ffff::1', '2001:db8:0:0:1:2:3:4']
    expect(new Set(same.map(clientKey))).toEqual(new Set(['2001:db8:0:0']))
    expect(clientKey('2001:db8:0:1::1')).not.toBe(clientKey('2001:db8::1'))
    expect(clientKey('203.0.113.9')).toBe('203.0.113.9')
  })
})
