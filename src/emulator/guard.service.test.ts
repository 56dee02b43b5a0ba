import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { refuseOtherHosts } from './guard.js'
import { createEmulator, type Emulator } from './index.js'

let emulator: Emulator
beforeAll(async () => {
  emulator = await createEmulator()
})
afterAll(() => emulator.close())

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** The status of an answer to a request with these headers, which fetch would not let one set. */
function statusOf(url: string, headers: Record<string, string>, method = 'GET'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
}

describe('the emulator refuses', () => {
  it.each(['https://evil.example', 'http://127.0.0.1.evil.example', 'null', 'not a URL'])(
    'what a page at %s makes a browser send',
    async (origin) => {
      expect(await statusOf(`${emulator.url}/_emulator/reset`, { origin }, 'POST')).toBe(403)
      expect(await statusOf(`${emulator.url}/_emulator/deliveries`, { origin })).toBe(403)
      expect(await statusOf(`${emulator.url}/_emulator/events`, { origin })).toBe(403)
      expect(await statusOf(`${emulator.url}/cgi-bin/token`, { origin })).toBe(403)
    },
  )

  it('none of its own pages, and none of this machine’s', async () => {
    for (const origin of [emulator.url, 'http://localhost:5173', 'http://[::1]'])
      expect(await statusOf(`${emulator.url}/_emulator/clock`, { origin })).toBe(200)
  })

  it('names that are not this machine’s, as DNS rebinding uses them', async () => {
    for (const host of [
      'evil.example',
      'evil.example:3001',
      '127.0.0.1.evil.example',
      '10.0.0.1',
      '[::',
      'a b',
    ]) {
      expect(await statusOf(`${emulator.url}/_emulator/apps`, { host }), host).toBe(403)
      expect(await statusOf(`${emulator.url}/_emulator/events`, { host }), host).toBe(403)
    }
  })

  it('no name of this machine’s, and at the API none at all', async () => {
    for (const host of ['localhost:3001', '127.0.0.1', '[::1]:3001', 'phone.localhost'])
      expect(await statusOf(`${emulator.url}/_emulator/apps`, { host }), host).toBe(200)
    // WeChat's own name, which a client sends when its connection is led here.
    expect(await statusOf(`${emulator.url}/cgi-bin/token`, { host: 'api.weixin.qq.com' })).toBe(200)
  })
})

describe('where every address is listened on', () => {
  async function serve(allowedHosts: string[]): Promise<string> {
    const koa = new Koa().use(refuseOtherHosts({ host: '0.0.0.0', allowedHosts })).use((ctx) => {
      ctx.body = 'in'
    })
    const handle = koa.callback()
    const server = createServer((req, res) => void handle(req, res))
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  it('an address in figures is this machine’s, and a name only when it was allowed', async () => {
    const url = await serve(['emulator'])
    for (const host of ['10.0.0.1:3001', '[fe80::1]', 'localhost', 'emulator:3001'])
      expect(await statusOf(url, { host }), host).toBe(200)
    expect(await statusOf(url, { host: 'evil.example' })).toBe(403)
  })
})
