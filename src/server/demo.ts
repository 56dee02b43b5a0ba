import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type Koa from 'koa'
import { Api } from '../api/index.js'
import { createEmulator, makeSecrets } from '../emulator/index.js'
import type { Logger } from '../log.js'
import type { Config } from './config.js'
import { demoHandlers } from './demo-bot.js'
import { startService } from './start.js'

export interface Demo {
  /** Where to open the phone. */
  readonly phoneUrl: string
  /** Where to open the desk. */
  readonly deskUrl: string
  /** Where the emulated WeChat pushes to. */
  readonly pushUrl: string
  close(): Promise<void>
}

/**
 * The whole loop on one machine: the emulated WeChat with a phone, and the service with a small bot, as it runs in
 * earnest, on a database that ends with it.
 */
export async function startDemo(config: Config, logger: Logger): Promise<Demo> {
  // Made anew for each start: there is no secret that someone could know beforehand.
  const secrets = makeSecrets()
  const { appId, appSecret, token, encodingAESKey } = secrets
  const name = '云朵商城'
  const emulator = await createEmulator({ host: config.host, port: config.emulatorPort, logger })
  const dataDir = await mkdtemp(join(tmpdir(), 'kefu-demo-'))
  const api = new Api({ appId, appSecret, url: emulator.url, logger })
  const ended = async (): Promise<void> => {
    await Promise.all([emulator.close(), api.close()])
    await rm(dataDir, { recursive: true })
  }
  try {
    const service = await startService(
      {
        ...config,
        dataDir,
        databaseUrl: `file:${join(dataDir, 'kefu.db')}`,
        apiUrl: emulator.url,
        app: { appId, appSecret, token, encodingAESKey, mode: 'secure', name },
      },
      { logger, now: Date.now, wait: delay },
      { handlers: demoHandlers({ api, site: () => service.url }), pages: [site] },
    )
    const pushUrl = `${service.url}/wechat/${appId}`
    emulator.addApp({ ...secrets, pushUrl, mode: 'secure', format: 'json', name })
    return {
      phoneUrl: `${emulator.url}/`,
      deskUrl: `${service.url}/`,
      pushUrl,
      async close() {
        await service.stop()
        await ended()
      },
    }
  } catch (error) {
    await ended()
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
  } else await next()
}
