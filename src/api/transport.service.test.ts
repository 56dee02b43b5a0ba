import { once } from 'node:events'
import { createServer as createTlsServer } from 'node:tls'
import type { AddressInfo, Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { answerWith, rawServer, type RawRequest, type RawServer } from '../../test/support/raw-server.js'
import { ConfigError, NetworkError } from '../errors.js'
import { Transport, type Call, type TransportOptions } from './transport.js'

const cleanup: (() => Promise<unknown>)[] = []
afterEach(async () => {
  vi.useRealTimers()
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

function transport(options: TransportOptions): Transport {
  const made = new Transport(options)
  cleanup.push(() => made.close())
  return made
}

/** An answer is read as it comes, or whole. */
const ways = {
  streamed: (made: Transport, what: Call) => made.call(what).then((reply) => made.text(what.path, reply)),
  whole: (made: Transport, what: Call) => made.ask(what),
} as const
let way: keyof typeof ways = 'streamed'

/** Makes the call, reads the answer, and gives the error that must come of it. */
async function failure(options: TransportOptions, what = call): Promise<NetworkError> {
  const made = transport(options)
  const error: unknown = await ways[way](made, what).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof NetworkError)) throw new Error('no NetworkError', { cause: error })
  return error
}

/** Makes the call, reads its answer, and lets undici see to the connection, which it does in the next turn. */
async function answered(made: Transport): Promise<void> {
  await made.text(call.path, await made.call(call))
  await new Promise(setImmediate)
}

describe.each(Object.keys(ways) as (keyof typeof ways)[])('a %s answer:', (each) => {
  beforeEach(() => {
    way = each
  })

  describe('a request that never left', () => {
    test('is told when the connection is refused', async () => {
      const gone = await rawServer(() => undefined)
      await gone.close()
      expect(await failure({ url: gone.url })).toMatchObject({ accepted: 'no', path: '/cgi-bin/x' })
    })

    test('is told when the name is not known', async () => {
      const error = await failure({ url: 'http://kefu.invalid' })
      expect(error).toMatchObject({ accepted: 'no' })
      expect(error.message).toContain('ENOTFOUND')
    })

    test('is told when the host takes no connection in time', async () => {
      // A worker that listens and then sleeps: once its queue is full, the kernel drops what knocks.
      const worker = new Worker(
        `const { parentPort } = require('node:worker_threads')
         const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
           parentPort.postMessage(server.address().port)
           setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
         })`,
        { eval: true },
      )
      cleanup.push(() => worker.terminate())
      const [port] = (await once(worker, 'message')) as [number]
      const { Socket } = await import('node:net')
      const fillers = Array.from({ length: 4 }, () => new Socket().on('error', () => undefined))
      for (const filler of fillers) filler.connect(port, '127.0.0.1')
      cleanup.push(async () => {
        for (const filler of fillers) filler.destroy()
      })
      await vi.waitUntil(() => fillers.filter((filler) => filler.readyState === 'open').length >= 2)
      const error = await failure({ url: `http://127.0.0.1:${port}`, timeoutMs: 300 })
      expect(error).toMatchObject({ accepted: 'no', cause: { code: 'UND_ERR_CONNECT_TIMEOUT' } })
    })

    test('is told when TLS is refused, and nothing was written before', async () => {
      const tls = createTlsServer({}, () => undefined) // without a certificate no handshake succeeds
      const seen: string[] = []
      tls.on('secureConnection', () => seen.push('secure'))
      tls.on('tlsClientError', (error) => seen.push(error.message))
      tls.listen(0, '127.0.0.1')
      await once(tls, 'listening')
      cleanup.push(async () => tls.close())
      const { port } = tls.address() as AddressInfo
      expect(await failure({ url: `https://127.0.0.1:${port}` })).toMatchObject({ accepted: 'no' })
      expect(seen).toEqual([expect.stringContaining('SSL routines')])
    })

    test('is told when the other side speaks no TLS, or nothing at all', async () => {
      const plain = await server(
        () => undefined,
        (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
      )
      expect(await failure({ url: plain.url.replace('http', 'https') })).toMatchObject({ accepted: 'no' })
      const mute = await server(
        () => undefined,
        () => undefined,
      )
      expect(await failure({ url: mute.url.replace('http', 'https'), timeoutMs: 200 })).toMatchObject({
        accepted: 'no',
      })
    })
  })

  describe('a request that left', () => {
    const fates: Readonly<Record<string, (socket: Socket) => void>> = {
      'the connection is reset': (socket) => socket.resetAndDestroy(),
      'the connection is closed without an answer': (socket) => socket.end(),
      'the answer is cut in its head': (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-le'),
      'the answer is cut in its body': (socket) =>
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"errcode":0'),
      'the answer is cut in a chunk': (socket) =>
        socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"er'),
      'the answer is reset in its body': (socket) =>
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"errcode":0', () =>
          setImmediate(() => socket.resetAndDestroy()),
        ),
      'the answer is no HTTP': (socket) => socket.end('ok\n'),
      'the answer never comes': () => undefined,
      'the answer stops half way': (socket) =>
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"errcode":0'),
      'the answer is endless': (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
        const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
        const more = (): void => {
          while (socket.writable && socket.write(chunk));
        }
        socket.on('drain', more)
        more()
      },
    }
    for (const [fate, act] of Object.entries(fates))
      test(`may have been acted on when ${fate}`, async () => {
        const wechat = await server(({ socket }) => {
          act(socket)
        })
        const error = await failure({ url: wechat.url, timeoutMs: 300 })
        expect(error).toMatchObject({ accepted: 'unknown', path: '/cgi-bin/x' })
        expect(wechat.requests.map(({ target }) => target)).toEqual(['/cgi-bin/x?access_token=T'])
      })

    test('ends in time when the answer trickles in', async () => {
      const wechat = await server(({ socket }) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n')
        const timer = setInterval(() => socket.write(' '), 20)
        socket.on('close', () => {
          clearInterval(timer)
        })
      })
      expect(await failure({ url: wechat.url, timeoutMs: 300 })).toMatchObject({ accepted: 'unknown' })
    })

    test('an endless answer is not read on', async () => {
      const wechat = await server(({ socket }) => fates['the answer is endless']?.(socket))
      await failure({ url: wechat.url })
      await vi.waitUntil(() => wechat.open === 0)
    })

    test('a body as large as allowed is read', async () => {
      const wechat = await server(({ socket }) => {
        answerWith(socket, 'x'.repeat(1000))
      })
      const made = transport({ url: wechat.url })
      expect(await made.text('/x', await made.call(call), 1000)).toHaveLength(1000)
      expect((await made.ask(call, 1000)).text).toHaveLength(1000)
      await expect(made.ask(call, 999)).rejects.toThrow('longer than 999 bytes')
      await expect(made.text('/x', await made.call(call), 999)).rejects.toThrow('longer than 999 bytes')
    })
  })

  describe('an error', () => {
    test('holds nothing of what came, which may be a token', async () => {
      const { inspect } = await import('node:util')
      const wechat = await server(({ socket }) =>
        socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{"access_token":"planted-token"}'),
      )
      const error = await failure({ url: wechat.url })
      expect(inspect(error, { depth: 10 })).not.toContain('planted-token')
      expect(error.message).toContain('Invalid character in chunk size')
    })

    test('names the path and never the query', async () => {
      const { inspect } = await import('node:util')
      const wechat = await server(({ socket }) => socket.resetAndDestroy())
      const error = await failure({ url: wechat.url }, { ...call, query: { access_token: 'planted-token' } })
      expect(wechat.requests[0]?.target).toContain('planted-token')
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('planted-token')
    })
  })
})

describe('connections', () => {
  test('are shared by calls one after the other', async () => {
    const wechat = await server(({ socket }) => {
      answerWith(socket, '{}')
    })
    const made = transport({ url: wechat.url })
    for (let i = 0; i < 3; i++) await answered(made)
    expect(wechat.requests.map(({ connection }) => connection)).toEqual([1, 1, 1])
  })

  test.each(['timeout=600', undefined])(
    'idle for more than 2 s are not used again, whatever the server says of them (%s)',
    async (keepAlive) => {
      const headers = keepAlive === undefined ? {} : { 'keep-alive': keepAlive }
      const wechat = await server(({ socket }) => {
        answerWith(socket, '{}', { headers })
      })
      const made = transport({ url: wechat.url })
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      await answered(made)
      vi.advanceTimersByTime(1999)
      await answered(made)
      vi.advanceTimersByTime(2001)
      await answered(made)
      expect(wechat.requests.map(({ connection }) => connection)).toEqual([1, 1, 2])
    },
  )

  test('that the server may end sooner are not used again', async () => {
    const headers = { 'keep-alive': 'timeout=2' }
    const wechat = await server(({ socket }) => {
      answerWith(socket, '{}', { headers })
    })
    const made = transport({ url: wechat.url })
    for (let i = 0; i < 2; i++) await made.text('/x', await made.call(call))
    expect(wechat.connections).toBe(2)
  })

  test('that the server has ended are seen before anything is sent on them', async () => {
    const wechat = await server(({ socket }) => {
      answerWith(socket, '{}')
      socket.end()
    })
    const made = transport({ url: wechat.url })
    for (let i = 0; i < 5; i++) await made.text('/x', await made.call(call))
    expect(wechat.requests).toHaveLength(5)
  })

  test('are all gone after close, which waits for calls under way', async () => {
    let release: (() => void) | undefined
    const wechat = await server(({ socket }) => {
      release = () => {
        answerWith(socket, '{"ok":1}')
      }
    })
    const made = new Transport({ url: wechat.url })
    const reply = made.call(call).then((got) => made.text('/x', got))
    await vi.waitUntil(() => release !== undefined)
    const closed = made.close()
    release?.()
    expect(await reply).toBe('{"ok":1}')
    await closed
    await vi.waitUntil(() => wechat.open === 0)
    await expect(made.call(call)).rejects.toMatchObject({ accepted: 'no' })
  })
})

describe('the url', () => {
  test.each([
    ['', '/cgi-bin/x'],
    ['/', '/cgi-bin/x'],
    ['/relay', '/relay/cgi-bin/x'],
    ['/relay/wx//', '/relay/wx/cgi-bin/x'],
    ['?', '/cgi-bin/x'],
    ['/relay#', '/relay/cgi-bin/x'],
    [' ', '/cgi-bin/x'],
    ['/a/../b', '/b/cgi-bin/x'],
  ])('ending in "%s" leads to %s', async (end, path) => {
    const wechat = await server(({ socket }) => {
      answerWith(socket, '{}')
    })
    const made = transport({ url: wechat.url + end })
    await made.text('/x', await made.call(call))
    expect(wechat.requests[0]?.target).toBe(`${path}?access_token=T`)
  })

  test('may be upper case', async () => {
    const wechat = await server(({ socket }) => {
      answerWith(socket, '{}')
    })
    await transport({ url: wechat.url.toUpperCase() }).call(call)
    expect(wechat.requests).toHaveLength(1)
  })

  test.each([
    '',
    'api.weixin.qq.com',
    'ftp://api.weixin.qq.com',
    'http://',
    'http://x y/',
    'https://api.weixin.qq.com/?a=1',
    'https://api.weixin.qq.com/#a',
    // It would not be sent, and that is found out late.
    'http://user:planted@127.0.0.1',
    'file:///etc/passwd',
  ])('%j is refused', (url) => {
    const make = (): Transport => new Transport({ url })
    expect(make).toThrow(ConfigError)
    expect(make).not.toThrow('planted')
  })

  test('names the host for what processes share', () => {
    expect(transport({ url: 'https://API.weixin.qq.com:443/a/' }).host).toBe('api.weixin.qq.com')
    expect(transport({ url: 'http://127.0.0.1:3001' }).host).toBe('127.0.0.1:3001')
    expect(transport({}).host).toBe('api.weixin.qq.com')
  })
})

test.each([0, -1, NaN, Infinity])('a timeout of %d ms is refused', (timeoutMs) => {
  expect(() => new Transport({ timeoutMs })).toThrow(ConfigError)
})

test('is closed twice as it is once', async () => {
  const { url } = await server(({ socket }) => {
    answerWith(socket, '{}')
  })
  const made = transport({ url })
  await answered(made)
  await made.close()
  await made.close()
})
