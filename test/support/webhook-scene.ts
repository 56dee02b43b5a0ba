import Koa from 'koa'
import { onTestFinished } from 'vitest'
import { Bot } from '../../src/bot/index.js'
import { webhook, type Inbox, type WebhookOptions } from '../../src/webhook/index.js'
import { sign } from '../../src/wechat/index.js'
import { startKoa, type KoaServer } from './koa-server.js'
import { secrets } from './pushes.js'
import { RecordingLogger } from './recording-logger.js'
import { RecordingSender } from './recording-sender.js'

/** A webhook at /wechat with another middleware behind it, until the test is finished. */
export interface Scene {
  readonly server: KoaServer
  /** Without handlers yet. */
  readonly bot: Bot
  readonly sender: RecordingSender
  readonly logger: RecordingLogger
  /** What Koa was left with. */
  readonly errors: unknown[]
}

export async function start(
  options: Partial<WebhookOptions> = {},
  targetOf: (bot: Bot) => Bot | Inbox = (bot) => bot,
  before: readonly Koa.Middleware[] = [],
): Promise<Scene> {
  const logger = new RecordingLogger()
  const sender = new RecordingSender()
  const errors: unknown[] = []
  const bot = new Bot({ api: sender, logger })
  const app = new Koa()
  app.on('error', (error) => errors.push(error))
  for (const middleware of before) app.use(middleware)
  app.use(webhook(targetOf(bot), { path: '/wechat', ...secrets, logger, ...options }))
  app.use((ctx) => {
    ctx.body = `next: ${ctx.path}`
  })
  const server = await startKoa(app)
  onTestFinished(() => server.close())
  return { server, bot, sender, logger, errors }
}

/** As start, with a handler that keeps what it is given, as `appId: text`. */
export async function startHearing(
  options: Partial<WebhookOptions> = {},
): Promise<Scene & { heard: string[] }> {
  const scene = await start(options)
  const heard: string[] = []
  scene.bot.use((ctx) => heard.push(`${ctx.appId}: ${ctx.text ?? ctx.event?.event ?? ''}`))
  return { ...scene, heard }
}

/** The clock as WeChat's timestamps tell it. */
export const seconds = (): number => Math.floor(Date.now() / 1000)

/** The query of a GET that asks whether the URL is ours. */
export function verification(
  echostr: string,
  token = secrets.token,
  timestamp = seconds(),
): Record<string, string> {
  const [time, nonce] = [String(timestamp), '1514711492']
  return { signature: sign(token, time, nonce), timestamp: time, nonce, echostr }
}
