import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { AddressGuard } from './address-guard.js'
import { GuardedRequests, type GuardedRequestsOptions } from './guarded-request.js'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function serve(handle: (req: IncomingMessage, res: ServerResponse) => void): Promise<string> {
  const server = createServer(handle)
  ends.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${await portOf(server)}`
}

async function portOf(server: Pick<Server, 'listen' | 'address'>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  return (server.address() as AddressInfo).port
}

function requests(options: Partial<GuardedRequestsOptions> = {}): GuardedRequests {
  const made = new GuardedRequests({
    guard: new AddressGuard(['127.0.0.0/8']),
    timeoutMs: 5000,
    maxBytes: 1000,
    ...options,
  })
  ends.push(() => made.close())
  return made
}

const get = (url: string) => ({ url, method: 'GET' as const })

describe('a guarded request', () => {
  it('sends what it is given and gives the answer', async () => {
    const url = await serve((req, res) => {
      let body = ''
      req.on('data', (chunk: Buffer) => (body += chunk.toString()))
      req.on('end', () =>
        res.writeHead(202, { 'x-a': 'b' }).end(`${req.method} ${String(req.headers['x-c'])} ${body}`),
      )
    })
    const answer = await requests().send({ url, method: 'POST', headers: { 'x-c': 'd' }, body: '{"e":"你"}' })
    expect(answer).toMatchObject({ status: 202, whole: true, headers: { 'x-a': 'b' } })
    expect(answer.body.toString()).toBe('POST d {"e":"你"}')
  })

  it.each([
    'http://127.0.0.1',
    'http://127.1',
    'http://0x7f000001',
    'http://2130706433',
    'http://[::1]',
    'http://[::ffff:7f00:1]',
    'http://localhost',
  ])('does not go to %s unless it is allowed, and nothing arrives there', async (base) => {
    let came = 0
    const server = createTcpServer((socket) => {
      came++
      socket.destroy()
    })
    ends.push(() => server.close())
    const port = await portOf(server as unknown as Server)
    const sent = requests({ guard: new AddressGuard() }).send(get(`${base}:${port}`))
    await expect(sent).rejects.toMatchObject({ code: 'private_address' })
    expect(came).toBe(0)
  })

  it('does not go where one of a name’s addresses is private', async () => {
    const made = requests({ guard: new AddressGuard(), resolve: async () => ['8.8.8.8', '10.0.0.1'] })
    await expect(made.send(get('http://two.example'))).rejects.toMatchObject({ code: 'private_address' })
  })

  it('asks for a name once and goes to that answer: a name that changes meanwhile leads nowhere else', async () => {
    const url = await serve((_req, res) => res.end('here'))
    const answers = ['127.0.0.1', '169.254.169.254']
    let asked = 0
    const made = requests({ resolve: async () => [answers[asked++] ?? 'none'] })
    const named = url.replace('127.0.0.1', 'rebinding.example')
    expect((await made.send(get(named))).body.toString()).toBe('here')
    expect(asked).toBe(1)
    // Anew on another connection: now it is the metadata service’s, and refused.
    await made.close()
    const again = requests({ resolve: async () => [answers[asked++] ?? 'none'] })
    await expect(again.send(get(named))).rejects.toMatchObject({ code: 'private_address' })
  })

  it('follows no redirect', async () => {
    let came = 0
    const target = await serve((_req, res) => {
      came++
      res.end()
    })
    const url = await serve((_req, res) => res.writeHead(302, { location: target }).end())
    expect((await requests().send(get(url))).status).toBe(302)
    expect(came).toBe(0)
  })

  it('reads no more of an answer than allowed, and hangs up', async () => {
    let closed = false
    const url = await serve((_req, res) => {
      res.on('close', () => (closed = true))
      res.writeHead(200)
      const more = (): void => {
        while (!closed && res.write(Buffer.alloc(64 * 1024)));
        if (!closed) res.once('drain', more)
      }
      more()
    })
    const answer = await requests().send(get(url))
    expect(answer).toMatchObject({ status: 200, whole: false })
    expect(answer.body.length).toBe(1000)
    await expect.poll(() => closed, { timeout: 10_000 }).toBe(true)
  })

  it('waits no longer than allowed for an answer to begin', async () => {
    const url = await serve(() => undefined)
    const sent = requests({ timeoutMs: 100 }).send(get(url))
    await expect(sent).rejects.toMatchObject({ code: 'timeout' })
  })

  it('waits no longer for its end, however it trickles', async () => {
    const url = await serve((_req, res) => {
      res.writeHead(200)
      const timer = setInterval(() => res.write('.'), 10)
      res.on('close', () => clearInterval(timer))
    })
    expect(await requests({ timeoutMs: 300, maxBytes: 10 ** 6 }).send(get(url))).toMatchObject({
      status: 200,
      whole: false,
    })
  })

  it.each([
    ['a name that is not there', 'dns', async () => 'http://nothing.invalid'],
    [
      'a port that nobody listens on',
      'refused',
      async () => {
        const server = createTcpServer()
        const port = await portOf(server as unknown as Server)
        await new Promise((resolve) => server.close(resolve))
        return `http://127.0.0.1:${port}`
      },
    ],
    ['a connection that is reset', 'reset', async () => serve((req) => req.socket.destroy())],
    [
      'what is not HTTP',
      'bad_answer',
      async () => {
        const server = createTcpServer((socket) => {
          socket.on('error', () => undefined)
          socket.once('data', () => socket.end('SSH-2.0-OpenSSH\r\n\r\n'))
        })
        ends.push(() => server.close())
        return `http://127.0.0.1:${await portOf(server as unknown as Server)}`
      },
    ],
    ['TLS where there is none', 'tls', async () => (await serve(() => undefined)).replace('http:', 'https:')],
  ])('tells %s as %s', async (_what, code, url) => {
    await expect(requests().send(get(await url()))).rejects.toMatchObject({ code })
  })

  it('has nothing of the request in its error', async () => {
    const sent = requests().send({
      url: 'http://nothing.invalid/?key=plantedQuery',
      method: 'POST',
      headers: { 'webhook-signature': 'plantedSignature' },
      body: 'plantedBody',
    })
    const error: unknown = await sent.catch((reason: unknown) => reason)
    expect(
      JSON.stringify([error, String(error), (error as Error).cause, String((error as Error).cause)]),
    ).not.toMatch(/planted/)
  })
})
