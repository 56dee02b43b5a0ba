import Router from '@koa/router'
import Koa from 'koa'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Bot, webhook } from 'kefu'
import { encodePush } from '../src/wechat/index.js'
import { LINES_A_MINUTE } from '../src/bounded-lines.js'
import { startKoa, type KoaServer } from './support/koa-server.js'
import { secrets, text } from './support/pushes.js'
import { RecordingLogger } from './support/recording-logger.js'
import { RecordingSender } from './support/recording-sender.js'
import { planted, startTestService } from './support/test-service.js'

const push = encodePush(text('planted words'), secrets)

async function served(use: (app: Koa, logger: RecordingLogger) => void) {
  const logger = new RecordingLogger()
  const app = new Koa()
  use(app, logger)
  const server: KoaServer = await startKoa(app)
  onTestFinished(() => server.close())
  return { server, logger }
}
const hook = (logger: RecordingLogger, path?: string): Koa.Middleware =>
  webhook(new Bot({ api: new RecordingSender(), logger }), {
    ...secrets,
    logger,
    ...(path !== undefined && { path }),
  })

describe('webhook() at another path than WeChat’s', () => {
  it('says that the path may be wrong, with nothing of the query', async () => {
    const { server, logger } = await served((app, lines) => app.use(hook(lines, '/wechat')))
    expect(await server.push(push, { path: '/wechta' })).toMatchObject({ status: 404 })
    expect(logger.lines).toEqual([
      {
        level: 'warn',
        fields: { method: 'POST', path: '/wechta', status: 404 },
        message: expect.stringMatching(/is the path right\? Pushes are taken at \/wechat,/) as string,
      },
    ])
    await server.ask({ path: '/favicon.ico' })
    expect(logger.lines).toHaveLength(1)
  })

  it('says nothing of what somebody else answers', async () => {
    const { server, logger } = await served((app, lines) => {
      app.use(hook(lines, '/one'))
      app.use(hook(lines, '/two'))
    })
    expect(await server.push(push, { path: '/two' })).toMatchObject({ status: 200 })
    expect(logger.lines).toEqual([])
  })

  it('says so a bounded number of times', async () => {
    const { server, logger } = await served((app, lines) => app.use(hook(lines, '/wechat')))
    for (let i = 0; i < LINES_A_MINUTE + 5; i++) await server.push(push, { path: `/${i}` })
    expect(logger.lines).toHaveLength(LINES_A_MINUTE)
  })
})

describe('webhook() in a router', () => {
  it.each<[string, (router: Router, middleware: Koa.Middleware) => unknown, boolean]>([
    ['post alone', (router, middleware) => router.post('/wechat', middleware), true],
    ['all', (router, middleware) => router.all('/wechat', middleware), false],
    [
      'post and get',
      (router, middleware) => router.get('/wechat', middleware).post('/wechat', middleware),
      false,
    ],
  ])('says once where WeChat’s URL check has no route: %s', async (_, route, isSaid) => {
    const { server, logger } = await served((app, lines) => {
      const router = new Router()
      route(router, hook(lines))
      app.use(router.routes())
    })
    for (const id of [1, 2])
      expect(await server.push(encodePush(text(`${id}`), secrets))).toMatchObject({ status: 200 })
    expect(logger.messages('warn')).toEqual(
      isSaid ? [expect.stringContaining('use router.all in place of router.post')] : [],
    )
  })
})

describe('the service', () => {
  it('says that a push came to a path that takes none', async () => {
    const service = await startTestService()
    onTestFinished(() => service.close())
    const query = new URLSearchParams(push.query).toString()
    const stranger = (path: string) =>
      fetch(`${service.url}${path}?${query}`, { method: 'POST', body: push.body })
    for (const path of ['/', '/api/wechat', '/wechat/wxother'])
      expect([path, (await stranger(path)).status]).toEqual([path, 404])
    await service.get('/nothing')
    const lines = service.log.split('\n').filter((line) => line.includes('is the path right?'))
    expect(lines.map((line) => (JSON.parse(line) as { path: string }).path)).toEqual([
      '/',
      '/api/wechat',
      '/wechat/wxother',
    ])
    expect(lines[0]).toContain('Pushes are taken at /wechat/APPID')
    expect(lines.join('\n')).not.toMatch(/planted words|nonce|signature/)
    // Where it belongs, nothing is said of the path.
    await service.emulator.user('oLin', planted.WECHAT_APP_ID).sends('在吗')
    expect(service.log.split('is the path right?')).toHaveLength(4)
  })
})
