import { connect, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { answerWith, rawServer, type RawRequest, type RawServer } from '../../test/support/raw-server.js'
import { ConfigError, NetworkError } from '../errors.js'
import { Transport, type Call } from './transport.js'

const cleanup: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of cleanup.splice(0).reverse()) await end()
})

const call: Call = {
  method: 'POST',
  path: '/cgi-bin/x',
  query: { access_token: 'T' },
  body: { text: '你好' },
}

async function server(
  answer: (request: RawRequest) => void,
  onConnection?: (socket: Socket) => void,
): Promise<RawServer> {
  const started = await rawServer(answer, onConnection)
  cleanup.push(() => started.close())
  return started
}

/** Does what a CONNECT asks for. */
function tunnel({ target, socket }: RawRequest): void {
  const [host, port] = target.split(':')
  const upstream = connect(Number(port), host, () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    socket.pipe(upstream).pipe(socket)
  })
  upstream.on('error', () => socket.destroy())
  socket.on('close', () => upstream.destroy())
}

async function wechat(): Promise<RawServer> {
  return server(({ socket }) => {
    answerWith(socket, '{"errcode":0}')
  })
}

async function through(proxy: string, url: string, timeoutMs = 1000): Promise<string> {
  const transport = new Transport({ url, proxy, timeoutMs })
  cleanup.push(() => transport.close())
  return transport.text(call.path, await transport.call(call))
}

async function failure(proxy: string, url: string, timeoutMs?: number): Promise<NetworkError> {
  const error: unknown = await through(proxy, url, timeoutMs).catch((reason: unknown) => reason)
  if (!(error instanceof NetworkError)) throw new Error('no NetworkError', { cause: error })
  return error
}

describe('a proxy', () => {
  test('is asked for a tunnel, through which the call goes unchanged', async () => {
    const api = await wechat()
    const proxy = await server(tunnel)
    expect(await through(proxy.url, api.url)).toBe('{"errcode":0}')
    expect(proxy.requests.map(({ method, target }) => [method, target])).toEqual([
      ['CONNECT', `127.0.0.1:${api.port}`],
    ])
    expect(api.requests.map(({ target, body }) => [target, body.toString()])).toEqual([
      ['/cgi-bin/x?access_token=T', '{"text":"你好"}'],
    ])
    expect(api.requests[0]?.head).not.toMatch(/proxy/i)
  })

  test('keeps its tunnel for the next call, and for no longer than 2 s', async () => {
    const api = await wechat()
    const proxy = await server(tunnel)
    const transport = new Transport({ url: api.url, proxy: proxy.url })
    cleanup.push(() => transport.close())
    const answered = async (): Promise<void> => {
      await transport.text('/x', await transport.call(call))
      await new Promise(setImmediate)
    }
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await answered()
    await answered()
    vi.advanceTimersByTime(2001)
    await answered()
    vi.useRealTimers()
    expect(api.requests.map(({ connection }) => connection)).toEqual([1, 1, 2])
    expect(proxy.requests).toHaveLength(2)
  })

  test('is asked for the port that the url leaves out', async () => {
    const proxy = await server(({ socket }) => {
      answerWith(socket, '', { status: 403 })
    })
    await failure(proxy.url, 'https://api.weixin.qq.com')
    await failure(proxy.url, 'http://api.weixin.qq.com')
    expect(proxy.requests.map(({ target }) => target)).toEqual([
      'api.weixin.qq.com:443',
      'api.weixin.qq.com:80',
    ])
  })

  test('gets the name and password of its address, and nobody else does', async () => {
    const api = await wechat()
    const proxy = await server((request) => {
      const given = /^proxy-authorization: Basic (.*)$/im.exec(request.head)?.[1] ?? ''
      if (Buffer.from(given, 'base64').toString() === 'us er:p@ss:字') tunnel(request)
      else answerWith(request.socket, '', { status: 407, headers: { 'proxy-authenticate': 'Basic' } })
    })
    const address = (credentials: string): string => proxy.url.replace('//', `//${credentials}@`)
    expect(await through(address('us%20er:p%40ss%3A%E5%AD%97'), api.url)).toBe('{"errcode":0}')
    expect(api.requests[0]?.head).not.toMatch(/authorization/i)

    const error = await failure(address('user:planted-password'), api.url)
    expect(error).toMatchObject({ accepted: 'no' })
    expect(error.message).toContain('407')
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('planted-password')
    expect(api.requests).toHaveLength(1)
  })

  test('is told the name alone where there is no password', async () => {
    const api = await wechat()
    const proxy = await server(tunnel)
    await through(proxy.url.replace('//', '//user@'), api.url)
    expect(proxy.requests[0]?.head).toContain(Buffer.from('user:').toString('base64'))
  })
})

describe('a request never left', () => {
  const refusals: Readonly<Record<string, (socket: Socket) => void>> = {
    'refuses the tunnel': (socket) => {
      answerWith(socket, 'Forbidden', { status: 403 })
    },
    'wants a password': (socket) => {
      answerWith(socket, '', { status: 407 })
    },
    'cannot reach WeChat': (socket) => {
      answerWith(socket, '<h1>Bad gateway</h1>', { status: 502, headers: { 'content-type': 'text/html' } })
    },
    'hangs up': (socket) => socket.end(),
    'resets the connection': (socket) => socket.resetAndDestroy(),
    'answers nonsense': (socket) => socket.end('nonsense\n'),
    'never answers': () => undefined,
  }
  for (const [what, act] of Object.entries(refusals))
    test(`when the proxy ${what}, which is asked once`, async () => {
      const api = await wechat()
      const proxy = await server(({ socket }) => {
        act(socket)
      })
      expect(await failure(proxy.url, api.url, 300)).toMatchObject({ accepted: 'no' })
      expect(proxy.requests).toHaveLength(1)
      expect(api.connections).toBe(0)
    })

  test('when there is no proxy', async () => {
    const gone = await rawServer(() => undefined)
    await gone.close()
    const api = await wechat()
    expect(await failure(gone.url, api.url)).toMatchObject({ accepted: 'no' })
    expect(api.connections).toBe(0)
  })

  test('when TLS fails at the end of the tunnel', async () => {
    const api = await wechat()
    const proxy = await server(tunnel)
    expect(await failure(proxy.url, api.url.replace('http', 'https'), 300)).toMatchObject({ accepted: 'no' })
    expect(proxy.requests).toHaveLength(1)
    expect(api.requests).toHaveLength(0)
  })
})

test('when the tunnel breaks after the request, WeChat may have acted on it', async () => {
  const api = await server(({ socket }) => socket.resetAndDestroy())
  const proxy = await server(tunnel)
  expect(await failure(proxy.url, api.url)).toMatchObject({ accepted: 'unknown' })
  expect(api.requests).toHaveLength(1)
})

test.each(['', '127.0.0.1:8080', 'socks5://127.0.0.1:1', 'http://', 'http://user:planted%zz@127.0.0.1:1'])(
  'the proxy %j is refused',
  (proxy) => {
    const make = (): Transport => new Transport({ proxy })
    expect(make).toThrow(ConfigError)
    expect(make).not.toThrow('planted')
  },
)
