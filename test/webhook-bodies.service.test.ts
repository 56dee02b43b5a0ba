import { buffer, text as textOf } from 'node:stream/consumers'
import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import Koa from 'koa'
import koaBodyParser from 'koa-bodyparser'
import mount from 'koa-mount'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Bot } from '../src/bot/index.js'
import { silentLogger } from '../src/log.js'
import { encodePush, type Format, type Mode } from '../src/wechat/index.js'
import { pushReceiver, webhook } from '../src/webhook/index.js'
import { startKoa, type KoaServer } from './support/koa-server.js'
import { image, secrets, text } from './support/pushes.js'
import { RecordingLogger } from './support/recording-logger.js'
import { RecordingSender } from './support/recording-sender.js'

// The contents that a transport would spoil first.
const contents = [
  '您好，请问有什么可以帮您？',
  '😀👨‍👩‍👧‍👦 𠮷野家',
  ']]> <![CDATA[ ]]>]]>',
  '<script>alert("1")</script> &lt;&amp;&#65;',
  '%E4%BD%A0+a=b&c=d "quoted" \\n \\u4f60 \\',
  'two\nlines\t and a tab',
  '{"MsgType":"event"}',
]
const modes: readonly Mode[] = ['plain', 'compatible', 'secure']
const formats: readonly Format[] = ['json', 'xml']
const types = [
  'application/json',
  'text/xml',
  'text/plain',
  'application/x-www-form-urlencoded',
  undefined,
  'no/such;thing',
] as const

type Hook = (mode: Mode) => Koa.Middleware

/** Where a webhook may stand in an app. */
const places: readonly [name: string, path: string, build: (app: Koa, hook: Hook, mode: Mode) => unknown][] =
  [
    ['alone in Koa', '/wechat', (app, hook, mode) => app.use(hook(mode))],
    ['behind koa-bodyparser', '/wechat', (app, hook, mode) => app.use(koaBodyParser()).use(hook(mode))],
    ['behind @koa/bodyparser', '/wechat', (app, hook, mode) => app.use(bodyParser()).use(hook(mode))],
    [
      'behind @koa/bodyparser that also reads text and XML',
      '/wechat',
      (app, hook, mode) =>
        app
          .use(bodyParser({ enableTypes: ['json', 'form', 'text', 'xml'], patchNode: true }))
          .use(hook(mode)),
    ],
    ['in front of koa-bodyparser', '/wechat', (app, hook, mode) => app.use(hook(mode)).use(koaBodyParser())],
    [
      'under @koa/router',
      '/api/wechat',
      (app, hook, mode) => app.use(new Router({ prefix: '/api' }).all('/wechat', hook(mode)).routes()),
    ],
    ['under koa-mount', '/prefix/wechat', (app, hook, mode) => app.use(mount('/prefix/wechat', hook(mode)))],
  ]

interface Heard {
  readonly content: string
  readonly msgId: string
  readonly format: Format
  readonly encrypted: boolean
}

describe.each(places)('%s', (name, path, build) => {
  const heard: Heard[] = []
  const servers = new Map<Mode, KoaServer>()
  beforeAll(async () => {
    const bot = new Bot({ api: new RecordingSender() }).on('message:text', (ctx) => {
      const { content, msgId } = ctx.message
      heard.push({ content, msgId, format: ctx.push.format, encrypted: ctx.push.encrypted })
    })
    for (const mode of modes) {
      const app = new Koa()
      build(app, (own) => webhook(bot, { ...secrets, mode: own, logger: silentLogger }), mode)
      servers.set(mode, await startKoa(app))
    }
  })
  afterEach(() => {
    heard.length = 0
  })
  afterAll(async () => {
    for (const server of servers.values()) await server.close()
  })

  it('reads every mode, format and Content-Type exactly', async () => {
    let id = 9007199254740993n
    for (const mode of modes)
      for (const format of formats)
        for (const type of types) {
          // A parser that is told JSON refuses XML before anyone behind it is asked; WeChat lies the other way.
          if (name.includes('behind') && format === 'xml' && type === 'application/json') continue
          for (const content of contents) {
            const msgId = String(id++)
            const push = encodePush(text(content, { msgId }), { ...secrets, mode }, { format })
            const reply = await servers.get(mode)?.push(push, { path, type })
            expect(reply, `${mode} ${format} ${type}`).toMatchObject({ status: 200, body: 'success' })
            expect(heard.pop()).toEqual({ content, msgId, format, encrypted: mode !== 'plain' })
          }
        }
  })

  it('keeps three neighbouring 64-bit ids three messages', async () => {
    const ids = ['22876340532172985', '22876340532172986', '22876340532172987']
    for (const mode of modes)
      for (const format of formats) {
        heard.length = 0
        for (const msgId of ids) {
          const message = text(`${mode} ${format}`, { msgId, fromUserName: `o-${mode}-${format}` })
          await servers.get(mode)?.push(encodePush(message, { ...secrets, mode }, { format }), { path })
        }
        expect(heard.map(({ msgId }) => msgId)).toEqual(ids)
      }
  })

  it('refuses what is not signed with 403, whatever it says it is', async () => {
    for (const type of types) {
      const body = '{"MsgType":"text","FromUserName":"oLin","Content":"hi"}'
      const reply = await servers.get('secure')?.ask({ method: 'POST', path, type, body })
      expect(reply).toMatchObject({ status: 403, body: 'forbidden', type: 'text/plain; charset=utf-8' })
    }
    expect(heard).toEqual([])
  })
})

const servers: KoaServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function startBehind(
  middleware: Koa.Middleware,
  mode: Mode = 'secure',
): Promise<{ server: KoaServer; heard: string[]; logger: RecordingLogger }> {
  const logger = new RecordingLogger()
  const heard: string[] = []
  const bot = new Bot({ api: new RecordingSender(), logger }).use((ctx) =>
    heard.push(ctx.message?.msgId ?? ctx.push.plaintext),
  )
  const server = await startKoa(new Koa().use(middleware).use(webhook(bot, { ...secrets, mode, logger })))
  servers.push(server)
  return { server, heard, logger }
}

/** A parser that keeps what it made of the bytes and not the bytes. */
function forgetful(parse: (text: string) => unknown): Koa.Middleware {
  return async (ctx, next) => {
    ctx.request.body = parse(await textOf(ctx.req))
    await next()
  }
}

describe('behind a parser that keeps no rawBody', () => {
  const parseJson = forgetful((body) => JSON.parse(body))

  it('an encrypted push is read', async () => {
    const { server, heard } = await startBehind(parseJson)
    const push = encodePush(text('您好 😀', { msgId: '22876340532172985' }), secrets)
    expect(await server.push(push)).toMatchObject({ status: 200, body: 'success' })
    expect(heard).toEqual(['22876340532172985'])
  })

  it('a push in plain text is read while its numbers are exact', async () => {
    const { server, heard } = await startBehind(parseJson, 'plain')
    const push = encodePush(text('hi', { msgId: '1234567890123456' }), { ...secrets, mode: 'plain' })
    expect(await server.push(push)).toMatchObject({ status: 200, body: 'success' })
    expect(heard).toEqual(['1234567890123456'])
  })

  it.each([
    ['an id beyond 2^53', parseJson, text('hi', { msgId: '22876340532172985' }), 'json'],
    ['XML', forgetful((body) => ({ xml: { Body: body } })), text('hi'), 'xml'],
    ['a form', forgetful((body) => Object.fromEntries(new URLSearchParams(body))), image(), 'json'],
    ['text that it drops', forgetful(() => ''), text('hi'), 'json'],
    ['JSON that it makes nothing of', forgetful(() => undefined), text('hi'), 'json'],
  ] as const)(
    '%s is refused with 500 and the way out in the log',
    async (_name, parser, incoming, format) => {
      const { server, heard, logger } = await startBehind(parser, 'plain')
      const push = encodePush(incoming, { ...secrets, mode: 'plain' }, { format })
      expect(await server.push(push)).toMatchObject({ status: 500, body: 'misconfigured' })
      expect(heard).toEqual([])
      expect(logger.messages('error')).toEqual([
        expect.stringMatching(/kept no rawBody.*in front of the parser.*docs\/frameworks\.md/),
      ])
    },
  )

  it('JSON nested too deep to walk through is refused and nothing breaks', async () => {
    const { server, logger } = await startBehind(parseJson)
    const depth = 30_000
    const body = `{"Encrypt":${'['.repeat(depth)}${']'.repeat(depth)}}`
    expect(await server.ask({ method: 'POST', body })).toMatchObject({ status: 500, body: 'misconfigured' })
    expect(logger.messages('error')).toHaveLength(1)
    expect(await server.push(encodePush(text('hi'), secrets))).toMatchObject({ status: 200 })
  })
})

describe('behind a parser that makes a text or bytes of the body', () => {
  it.each([
    ['a text, as koa-body makes of text/xml', (body: Buffer) => body.toString()],
    ['bytes, as express.raw makes of everything', (body: Buffer) => body],
  ])('%s is read', async (_name, kept) => {
    const { server, heard } = await startBehind(async (ctx, next) => {
      ctx.request.body = kept(await buffer(ctx.req))
      await next()
    }, 'plain')
    for (const format of ['xml', 'json'] as const) {
      const push = encodePush(
        text('您好 😀', { msgId: '22876340532172985' }),
        { ...secrets, mode: 'plain' },
        { format },
      )
      expect(await server.push(push)).toMatchObject({ status: 200 })
    }
    // The second has the id of the first.
    expect(heard).toEqual(['22876340532172985'])
  })

  it('may have kept the bytes on Node’s request, as a verify of Express and Nest’s rawBody do', async () => {
    const { server, heard } = await startBehind(async (ctx, next) => {
      Object.assign(ctx.req, { rawBody: await buffer(ctx.req) })
      ctx.request.body = {}
      await next()
    })
    expect(await server.push(encodePush(text('hi', { msgId: '22876340532172985' }), secrets))).toMatchObject({
      status: 200,
    })
    expect(heard).toEqual(['22876340532172985'])
  })
})

it('a request of Node alone is enough for the receiver', async () => {
  const heard: string[] = []
  const bot = new Bot({ api: new RecordingSender() }).use((ctx) => heard.push(ctx.message?.msgId ?? ''))
  const receive = pushReceiver(bot, secrets)
  const app = new Koa().use(async (ctx) => {
    const { status, body } = await receive({ req: ctx.req })
    ctx.status = status
    ctx.body = body
  })
  const server = await startKoa(app)
  servers.push(server)
  const push = encodePush(text('您好', { msgId: '7' }), secrets)
  expect(await server.push(push)).toMatchObject({ status: 200, body: 'success' })
  expect(await server.ask({ method: 'GET', path: '/wechat?signature=x' })).toMatchObject({ status: 403 })
  expect(heard).toEqual(['7'])
})

describe('whoever else has touched the request', () => {
  it('may have kept the bytes on Koa’s request', async () => {
    const { server, heard } = await startBehind(async (ctx, next) => {
      Object.assign(ctx.request, { rawBody: await buffer(ctx.req) })
      await next()
    })
    expect(await server.push(encodePush(text('hi', { msgId: '22876340532172985' }), secrets))).toMatchObject({
      status: 200,
    })
    expect(heard).toEqual(['22876340532172985'])
  })

  it('may have set an encoding', async () => {
    const { server, heard } = await startBehind((ctx, next) => {
      ctx.req.setEncoding('utf8')
      return next()
    }, 'plain')
    const push = encodePush(text('😀'.repeat(9000), { msgId: '1' }), { ...secrets, mode: 'plain' })
    expect(await server.push(push)).toMatchObject({ status: 200, body: 'success' })
    expect(heard).toEqual(['1'])
  })

  it('may have waited before it went on', async () => {
    const { server, heard } = await startBehind(async (_ctx, next) => {
      await new Promise(setImmediate)
      await next()
    })
    expect(await server.push(encodePush(text('hi', { msgId: '1' }), secrets))).toMatchObject({ status: 200 })
    expect(heard).toEqual(['1'])
  })
})
