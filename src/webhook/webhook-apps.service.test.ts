import Koa from 'koa'
import { afterEach, describe, expect, it } from 'vitest'
import { Bot } from '../bot/index.js'
import { ConfigError } from '../errors.js'
import { silentLogger } from '../log.js'
import { encodePush, type PushSecrets } from '../wechat/index.js'
import type { AppLookup } from './recipient.js'
import { webhook } from './webhook.js'

const shop: PushSecrets = { appId: 'wx-shop', token: 'shop-token', encodingAESKey: 's'.repeat(43) }
const cafe: PushSecrets = { appId: 'wx-cafe', token: 'cafe-token', encodingAESKey: 'c'.repeat(43) }

let close: (() => void) | undefined
afterEach(() => close?.())

/** A server with the webhook at /wechat; gives its address and the appids whose pushes it handled. */
async function serve(apps: readonly PushSecrets[] | AppLookup): Promise<{ url: string; handled: string[] }> {
  const handled: string[] = []
  const bot = new Bot({ api: { send: async () => undefined, setTyping: async () => undefined } })
  bot.use((ctx) => handled.push(ctx.appId))
  const app = new Koa().use(webhook(bot, { path: '/wechat', apps, logger: silentLogger }))
  const server = app.listen(0, '127.0.0.1')
  close = () => server.close()
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('no port')
  return { url: `http://127.0.0.1:${address.port}`, handled }
}

async function push(url: string, secrets: PushSecrets): Promise<{ status: number; text: string }> {
  const { query, body } = encodePush(
    { msgType: 'text', content: '你好', msgId: '1', fromUserName: 'o1', toUserName: 'gh_1', createTime: 1 },
    secrets,
  )
  const answer = await fetch(`${url}?${new URLSearchParams(query).toString()}`, { method: 'POST', body })
  return { status: answer.status, text: await answer.text() }
}

describe('webhook() with a look-up', () => {
  it('asks it for the appid behind the path, and for all at the bare path', async () => {
    const asked: (string | undefined)[] = []
    const { url, handled } = await serve((appId) => {
      asked.push(appId)
      return appId === undefined ? [shop, cafe] : [shop, cafe].filter((app) => app.appId === appId)
    })
    expect(await push(`${url}/wechat/wx-cafe`, cafe)).toEqual({ status: 200, text: 'success' })
    expect(await push(`${url}/wechat`, shop)).toEqual({ status: 200, text: 'success' })
    expect(asked).toEqual(['wx-cafe', undefined])
    expect(handled).toEqual(['wx-cafe', 'wx-shop'])
  })

  it('takes an app that was added after the start, and none that was removed', async () => {
    const apps = [shop]
    const { url } = await serve((appId) => apps.filter((app) => app.appId === appId))
    expect((await push(`${url}/wechat/wx-cafe`, cafe)).status).toBe(404)
    apps.splice(0, 1, cafe)
    expect((await push(`${url}/wechat/wx-cafe`, cafe)).status).toBe(200)
    expect((await push(`${url}/wechat/wx-shop`, shop)).status).toBe(404)
  })

  it('refuses a push at the path of an app whose secrets it was not made with', async () => {
    const { url, handled } = await serve((appId) => [shop, cafe].filter((app) => app.appId === appId))
    expect((await push(`${url}/wechat/wx-shop`, cafe)).status).toBe(403)
    expect(handled).toEqual([])
  })

  it('leaves a path for which it finds no app to what is behind it', async () => {
    const { url } = await serve(() => [])
    expect((await push(`${url}/wechat`, shop)).status).toBe(404)
  })

  it('says that the service is misconfigured when it gives secrets that can’t work', async () => {
    const { url } = await serve(() => [{ ...shop, encodingAESKey: 'short' }])
    expect(await push(`${url}/wechat`, shop)).toEqual({ status: 500, text: 'misconfigured' })
  })
})

describe('webhook() with a list', () => {
  it('is each app at the path and at the path with its appid, and no other', async () => {
    const { url, handled } = await serve([shop, cafe])
    for (const path of ['/wechat', '/wechat/wx-cafe'])
      expect((await push(`${url}${path}`, cafe)).status).toBe(200)
    expect((await push(`${url}/wechat/wx-other`, cafe)).status).toBe(404)
    expect((await push(`${url}/wechat/wx-cafe/more`, cafe)).status).toBe(404)
    expect(new Set(handled)).toEqual(new Set(['wx-cafe']))
  })

  it('refuses to start without an app', () => {
    const bot = new Bot({ api: { send: async () => undefined, setTyping: async () => undefined } })
    expect(() => webhook(bot, { apps: [] })).toThrow(ConfigError)
  })
})
