import type { Socket } from 'node:net'
import { inspect } from 'node:util'
import { buffer } from 'node:stream/consumers'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { tinyPng } from '../../test/push-receiver.js'
import { rejection } from '../../test/support/emulated-wechat.js'
import { answerWith, rawServer, type RawRequest, type RawServer } from '../../test/support/raw-server.js'
import { RecordingLogger } from '../../test/support/recording-logger.js'
import { consoleLogger, type Logger } from '../log.js'
import { Api, type ApiOptions } from './api.js'
import { memoryTokenStore } from './token-store.js'

// What must not be in any error or log. The characters change in a URL, and the token is shorter than WeChat's:
// neither may be recognised by its looks alone.
const appSecret = 'planted/secret+0123456789='
const token = 'planted-token-0123'
const customersText = 'planted 客户的话'
const proxyPassword = 'planted-proxy-password'

const servers: RawServer[] = []
const apis: Api[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all(apis.splice(0).map((api) => api.close()))
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function server(answer: (request: RawRequest) => void): Promise<RawServer> {
  const started = await rawServer(answer)
  servers.push(started)
  return started
}

function client(options: Partial<ApiOptions>): Api {
  const api = new Api({ appId: 'wx1', appSecret, timeoutMs: 300, wait: async () => undefined, ...options })
  apis.push(api)
  return api
}

/** All that came, as a relay's error page might repeat it, but for the text: nothing tells that from words of its own. */
function echo({ head, body, target }: RawRequest): string {
  const said = body.toString().replace(customersText, '')
  return `${head}\r\n${said}\r\n${decodeURIComponent(target)} ${encodeURIComponent(appSecret)} ${appSecret}`
}

/** Everything that may reach a log or a page by way of an error. */
function shown(error: unknown): string {
  const printed: string[] = []
  vi.spyOn(console, 'warn').mockImplementation((...words) => printed.push(words.map(String).join(' ')))
  consoleLogger.warn({ err: error, error }, 'failed')
  return [
    inspect(error, { depth: 10, showHidden: true, getters: true }),
    JSON.stringify(error),
    JSON.stringify(error, Object.getOwnPropertyNames(error)),
    String(error),
    error instanceof Error ? error.stack : '',
    ...printed,
  ].join('\n')
}

function expectNothingPlanted(text: string): void {
  expect(text).not.toMatch(/planted|客户的话/)
  expect(text).not.toMatch(/(access_token|secret)=(?!\*\*\*)/)
}

type Fate = (request: RawRequest) => void
const html = { headers: { 'content-type': 'text/html' } }
const refuse =
  (errcode: number): Fate =>
  (request) => {
    answerWith(request.socket, JSON.stringify({ errcode, errmsg: `no: ${echo(request)} rid: 1-2` }))
  }
const cut = (socket: Socket, text: string): void => void socket.end(text)
const fates: Readonly<Record<string, Fate>> = {
  'resets the connection': ({ socket }) => socket.resetAndDestroy(),
  'never answers': () => undefined,
  'repeats the request in an error page': (request) => {
    answerWith(request.socket, echo(request), { status: 502, ...html })
  },
  'repeats the request in a page': (request) => {
    answerWith(request.socket, echo(request), html)
  },
  'repeats the request in a text': (request) => {
    answerWith(request.socket, echo(request), { headers: { 'content-type': 'text/plain' } })
  },
  'repeats the request in somebody else’s JSON': (request) => {
    answerWith(request.socket, JSON.stringify({ error: echo(request) }), { status: 404 })
  },
  'repeats the request in a redirection': (request) => {
    answerWith(request.socket, '', { status: 302, headers: { location: `/${token}?secret=${appSecret}` } })
  },
  'breaks off in the middle of repeating it': (request) => {
    cut(request.socket, `HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n${echo(request)}`)
  },
  'repeats it where HTTP wants a number': (request) => {
    cut(request.socket, `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${echo(request)}`)
  },
  'repeats it where HTTP wants a status': (request) => {
    cut(request.socket, `${token} ${appSecret} HTTP/1.1\r\n\r\n`)
  },
  'says no with the request in its words': refuse(40097),
  'refuses the token with the request in its words': refuse(40001),
  'is busy with the request in its words': refuse(-1),
}

const calls: Readonly<Record<string, (api: Api) => Promise<unknown>>> = {
  send: (api) => api.send('o1', { msgType: 'text', content: customersText }),
  setTyping: (api) => api.setTyping('o1', true),
  uploadTempMedia: (api) => api.uploadTempMedia(tinyPng, { filename: '图片.png' }),
  getTempMedia: async (api) => buffer((await api.getTempMedia('M')).body),
  getQuota: (api) => api.getQuota('/x'),
  clearQuota: (api) => api.clearQuota(),
  getRid: (api) => api.getRid('1'),
  getCallbackIps: (api) => api.getCallbackIps(),
  getApiDomainIps: (api) => api.getApiDomainIps(),
}

describe.each(Object.entries(fates))('where WeChat %s', (_, act) => {
  test('no call’s error or log holds a secret, a token or a customer’s text', async () => {
    const wechat = await server((request) => {
      if (request.target === '/cgi-bin/stable_token')
        answerWith(request.socket, JSON.stringify({ access_token: token, expires_in: 7200 }))
      else act(request)
    })
    const logger = new RecordingLogger()
    const failed = await Promise.all(
      Object.entries(calls).map(async ([name, call]) => {
        const error = await call(client({ url: wechat.url, logger })).then(
          () => undefined,
          (reason: unknown) => reason,
        )
        return [name, error] as const
      }),
    )
    for (const [name, error] of failed) {
      // Only a picture's bytes are taken as they come.
      if (name !== 'getTempMedia') expect(error).toBeInstanceOf(Error)
      expectNothingPlanted(shown(error))
    }
    expectNothingPlanted(inspect(logger.lines, { depth: 10, showHidden: true }))
  })

  test.each(['stable', 'classic'] as const)('nor does that of fetching a token (%s)', async (tokenKind) => {
    const wechat = await server(act)
    const logger = new RecordingLogger()
    const api = client({ url: wechat.url, tokenKind, logger })
    const error = await rejection(api.send('o1', { msgType: 'text', content: customersText }))
    expect(wechat.requests[0]?.target).toContain(tokenKind === 'stable' ? 'stable_token' : 'secret=planted')
    expectNothingPlanted(shown(error))
    expectNothingPlanted(inspect(logger.lines, { depth: 10, showHidden: true }))
  })
})

describe('no error or log holds a secret', () => {
  test('where there is no connection, also by a proxy', async () => {
    const proxy = await server((request) => {
      answerWith(request.socket, echo(request), { status: 407 })
    })
    const address = proxy.url.replace('//', `//planted-user:${proxyPassword}@`)
    const tokenStore = memoryTokenStore()
    await tokenStore.set('wx1:stable@127.0.0.1:1', {
      accessToken: token,
      expiresAt: Date.now() + 7_200_000,
      forcedAt: [],
    })
    const url = 'http://127.0.0.1:1'
    for (const options of [{}, { proxy: address }, { proxy: 'http://planted:planted@127.0.0.1:1' }]) {
      const logger = new RecordingLogger()
      for (const store of [tokenStore, memoryTokenStore()]) {
        const api = client({ url, tokenStore: store, logger, ...options })
        expectNothingPlanted(
          shown(await rejection(api.send('o1', { msgType: 'text', content: customersText }))),
        )
      }
      expectNothingPlanted(inspect(logger.lines, { depth: 10, showHidden: true }))
    }
  })

  test('where a token renewed in the background cannot be had', async () => {
    let now = Date.now()
    let fetched = 0
    const wechat = await server((request) => {
      if (request.target !== '/cgi-bin/stable_token') answerWith(request.socket, '{"errcode":0}')
      else if (++fetched === 1)
        answerWith(request.socket, JSON.stringify({ access_token: token, expires_in: 7200 }))
      else refuse(40125)(request)
    })
    const logger = new RecordingLogger()
    const api = client({ url: wechat.url, logger, now: () => now })
    await api.clearQuota()
    now += 7_000_000
    await api.clearQuota()
    await vi.waitUntil(() => logger.messages('warn').length > 0)
    expectNothingPlanted(inspect(logger.lines, { depth: 10, showHidden: true }))
  })

  test('where a logger prints the client itself', () => {
    const api = client({ url: 'http://127.0.0.1:1', proxy: `http://planted:${proxyPassword}@127.0.0.1:1` })
    expectNothingPlanted(inspect(api, { depth: 10, showHidden: true }) + JSON.stringify(api))
  })

  test('and pino’s way of printing an error finds none either', async () => {
    const { pino } = await import('pino')
    const lines: string[] = []
    const logger: Logger = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) })
    const wechat = await server((request) => {
      if (request.target === '/cgi-bin/stable_token')
        answerWith(request.socket, JSON.stringify({ access_token: token, expires_in: 7200 }))
      else refuse(-1)(request)
    })
    const error = await rejection(client({ url: wechat.url, logger }).clearQuota())
    logger.error({ err: error, error }, 'failed')
    expect(lines.length).toBeGreaterThan(3)
    expectNothingPlanted(lines.join(''))
  })
})
