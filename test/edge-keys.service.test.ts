import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { auditView } from '../src/people/schemas/audit-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { ApiClient } from './support/api-client.js'
import { startTestService, type TestService } from './support/test-service.js'

const key = 'a-key-of-the-edge-test-0123456789'

let service: TestService
afterEach(async () => {
  await service.close()
})

/** Asks with these header lines, which no library adds to or takes from. */
async function raw(path: string, lines: readonly string[]): Promise<string> {
  const { port } = new URL(service.url)
  const socket = connect(Number(port), '127.0.0.1')
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  socket.on('error', () => undefined)
  socket.write([`GET ${path} HTTP/1.1`, ...lines, 'Connection: close', '', ''].join('\r\n'))
  await new Promise((resolve) => socket.once('close', resolve))
  return text
}
const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])
const made = (count: number): string[] => Array.from({ length: count }, (_, i) => `A${i}: x`)
const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address })

async function audit(): Promise<{ action: string; address: string | null }[]> {
  const { items } = await new ApiClient(service.url, key).get(listOf(auditView), 'GET /audit', {
    query: { limit: 200 },
  })
  return items
}

describe('a proxy’s word of who asks', () => {
  it('is read behind any number of other headers', async () => {
    // Nothing is given back while the clock stands.
    const began = Date.now()
    service = await startTestService(
      { KEFU_API_KEY: key, KEFU_TRUST_PROXY: 'loopback' },
      { now: () => began },
    )
    const lines = [...made(200), 'Host: localhost', 'X-Forwarded-For: 203.0.113.9']
    expect(statusOf(await raw('/metrics', lines))).toBe(401)
    const bearer = 'Authorization: Bearer wrong'
    expect(statusOf(await raw('/api/v1/apps', [...lines, bearer]))).toBe(401)
    expect(await audit()).toMatchObject([{ action: 'key_refused', address: '203.0.113.9' }])
    const answers = []
    for (let i = 0; i < 210; i++) answers.push(statusOf(await raw('/', lines)))
    expect(answers.at(-1)).toBe(429)
  })

  it('is lost with its request where it does not fit', async () => {
    service = await startTestService({ KEFU_TRUST_PROXY: 'loopback' })
    const long = Array.from({ length: 400 }, (_, i) => `A${i}: ${'x'.repeat(60)}`)
    expect(statusOf(await raw('/metrics', [...long, 'Host: localhost', 'X-Forwarded-For: 1.2.3.4']))).toBe(
      431,
    )
  })
})

describe('the metrics without a key', () => {
  const ask = async (...lines: string[]): Promise<number> => statusOf(await raw('/metrics', lines))

  it('are for this machine alone', async () => {
    service = await startTestService()
    expect(await ask('Host: localhost')).toBe(200)
    expect(await ask('Host: 127.0.0.1:3000')).toBe(200)
    expect(await ask('Host: kefu.example.com')).toBe(401)
    expect(await ask('Host: localhost', 'Via: 1.1 proxy')).toBe(401)
    expect(await ask('Host: localhost', 'X-Forwarded-Proto: https')).toBe(401)
  })

  it.each([{ KEFU_PUBLIC_URL: 'https://kefu.example.com' }, { KEFU_TRUST_PROXY: 'loopback' }])(
    'are for nobody with %o',
    async (environment) => {
      service = await startTestService({ KEFU_API_KEY: key, ...environment })
      expect(await ask('Host: localhost')).toBe(401)
      expect(await ask('Host: localhost', 'Authorization: Bearer wrong-wrong-wrong')).toBe(401)
      expect(await ask('Host: localhost', `Authorization: Bearer ${key}`)).toBe(200)
    },
  )
})

describe('wrong keys', () => {
  async function tries(path: string, address: string, count: number): Promise<number[]> {
    const statuses = []
    for (let i = 0; i < count; i++) {
      const headers = { ...from(address), authorization: `Bearer wrong-${i}` }
      statuses.push((await service.get(path, headers)).status)
    }
    return statuses
  }

  it.each(['/api/v1/apps', '/metrics'])('at %s count as wrong passwords do', async (path) => {
    service = await startTestService({ KEFU_API_KEY: key, KEFU_TRUST_PROXY: 'loopback' })
    const statuses = await tries(path, '203.0.113.9', 33)
    expect(statuses).toEqual([...Array.from({ length: 30 }, () => 401), 429, 429, 429])
    // A right guess is worth nothing any more, there.
    const right = { authorization: `Bearer ${key}` }
    const refused = await fetch(`${service.url}${path}`, { headers: { ...from('203.0.113.9'), ...right } })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60)
    expect((await service.get(path, { ...from('203.0.113.10'), ...right })).status).toBe(200)
    // Also by the same network of IPv6, and after a restart.
    expect((await tries(path, '2001:db8::1', 30)).at(-1)).toBe(401)
    expect(await tries(path, '2001:db8::ffff', 1)).toEqual([429])
    await service.restart()
    expect(await tries(path, '203.0.113.9', 1)).toEqual([429])
    const words = (await audit()).map(({ action, address }) => `${action} ${address}`)
    expect(words.filter((word) => word === 'key_refused 203.0.113.9')).toHaveLength(30)
    expect(words.filter((word) => word === 'key_limited 203.0.113.9')).toHaveLength(1)
    expect(service.log).toContain('too many wrong API keys came from an address')
    expect(service.log).not.toContain('wrong-1')
  })

  it('don’t shut out programs whose keys held there before, nor keys that nobody guesses', async () => {
    service = await startTestService({ KEFU_API_KEY: key, KEFU_TRUST_PROXY: 'loopback' })
    const address = '203.0.113.9'
    const own = (): ApiClient => new ApiClient(service.url, key, from(address))
    const made = (await own().ok('POST /api-keys', { body: { name: 'crm' } })) as { key: string }
    await tries('/api/v1/apps', address, 40)
    expect((await own().call('GET /apps')).status).toBe(200)
    await service.restart()
    expect((await own().call('GET /apps')).status).toBe(429)
    expect((await new ApiClient(service.url, made.key, from(address)).call('GET /apps')).status).toBe(200)
  })

  it('of the made form count too', async () => {
    service = await startTestService({ KEFU_API_KEY: key, KEFU_TRUST_PROXY: 'loopback' })
    const statuses = []
    for (let i = 0; i < 32; i++) {
      const authorization = `Bearer kefu_${String(i).padStart(43, 'x')}`
      statuses.push((await service.get('/api/v1/apps', { ...from('203.0.113.9'), authorization })).status)
    }
    expect(statuses.slice(29)).toEqual([401, 429, 429])
  })
})
