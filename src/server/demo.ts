import { readFile } from 'node:fs/promises'
import Koa from 'koa'
import { Api } from '../api/index.js'
import { createEmulator, makeSecrets } from '../emulator/index.js'
import type { Logger } from '../log.js'
import { webhook } from '../webhook/index.js'
import type { Config } from './config.js'
import { demoBot } from './demo-bot.js'
import { listen, type Listening } from './listen.js'

export interface Demo {
  /** Where to open the phone. */
  readonly phoneUrl: string
  /** Where the emulated WeChat pushes to. */
  readonly pushUrl: string
  close(): Promise<void>
}

/** The whole loop on one machine: the emulated WeChat with a phone, and a small bot behind webhook(). */
export async function startDemo(config: Config, logger: Logger): Promise<Demo> {
  // Made anew for each start: there is no secret that someone could know beforehand.
  const secrets = makeSecrets()
  const emulator = await createEmulator({ host: config.host, port: config.emulatorPort, logger })
  const api = new Api({ appId: secrets.appId, appSecret: secrets.appSecret, url: emulator.url, logger })
  const bot = demoBot({ api, site: () => server.url, logger })
  const app = new Koa().use(webhook(bot, { path: '/wechat', ...secrets, logger })).use(site)
  let server: Listening
  try {
    server = await listen(app.callback(), { host: config.host, port: config.port, variable: 'PORT' })
    const pushUrl = `${server.url}/wechat`
    emulator.addApp({ ...secrets, pushUrl, mode: 'secure', format: 'json', name: '云朵商城' })
    return {
      phoneUrl: `${emulator.url}/`,
      pushUrl,
      async close() {
        await Promise.all([server.close(), emulator.close()])
        await api.close()
      },
    }
  } catch (error) {
    await emulator.close()
    throw error
  }
}

const cover = new URL('../../assets/demo/cover.png', import.meta.url)

/** The little web site that the demo's link cards point to. */
const site: Koa.Middleware = async (ctx, next) => {
  if (ctx.path === '/demo/cover.png') {
    ctx.type = 'image/png'
    ctx.body = await readFile(cover)
  } else if (ctx.path === '/demo/care') {
    ctx.type = 'html'
    ctx.body =
      '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>云朵马克杯的保养方法</title>' +
      '<h1>云朵马克杯的保养方法</h1><p>温水清洗，不要使用钢丝球；放入洗碗机前请取下杯盖。</p>'
  } else if (ctx.path === '/') {
    ctx.type = 'text/plain; charset=utf-8'
    ctx.body = 'kefu demo: the bot is at /wechat. Open the phone, its address is in the terminal.'
  } else await next()
}
