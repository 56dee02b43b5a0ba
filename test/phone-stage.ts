import Koa from 'koa'
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { Api } from '../src/api/index.js'
import { Bot } from '../src/bot/index.js'
import { createEmulator, type Emulator } from '../src/emulator/index.js'
import { silentLogger } from '../src/log.js'
import type { Push } from '../src/wechat/index.js'
import { webhook } from '../src/webhook/index.js'
import { patience } from './browser.js'
import { startKoa, type KoaServer } from './support/koa-server.js'

/** The Mini Program of the phone tests. */
export const app = {
  appId: 'wx0123456789abcdef',
  appSecret: 'deadbeefdeadbeefdeadbeefdeadbeef',
  token: 'token-of-the-tests',
  encodingAESKey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
  name: '云朵商城',
}

/** An emulated WeChat with its phone page, and a Koa service behind it. */
export interface PhoneStage {
  readonly emulator: Emulator
  /** Another emulator at the same address, which knows of nothing that was. */
  restartEmulator(whileDown: () => Promise<void>): Promise<void>
  readonly api: Api
  readonly bot: Bot
  /** What the service was pushed, decrypted and read. */
  readonly pushes: readonly Push[]
  readonly pushUrl: string
  /** Opens the page in a browser of its own, so to speak: nothing remembered. */
  open(query?: string, options?: BrowserContextOptions): Promise<OpenPage>
  /** Opens it and enters the first phone's chat; the service has been pushed that. */
  enterChat(): Promise<EnteredChat>
  close(): Promise<void>
}

export interface EnteredChat extends OpenPage {
  /** The first phone. */
  readonly one: Locator
  /** Its customer's OpenID. */
  readonly customer: string
}

export interface OpenPage {
  readonly page: Page
  readonly context: BrowserContext
  /** The n-th phone, from 0. */
  readonly phone: (index?: number) => Locator
  /** Its customer. */
  readonly openId: (index?: number) => Promise<string>
  /** What went wrong on the page: errors, refusals of the Content-Security-Policy, requests to elsewhere. */
  readonly trouble: string[]
}

/** The Mini Program on a phone. */
export const program = (phone: Locator): Locator => phone.getByRole('group', { name: '小程序' })
/** The customer-service chat on a phone. */
export const conversation = (phone: Locator): Locator => phone.getByRole('group', { name: '客服会话' })
/** The Mini Program's contact button. */
export const contact = (phone: Locator): Locator => phone.getByRole('button', { name: '联系客服' })
/** What was said in the chat. */
export const chat = (phone: Locator): Locator => phone.getByRole('log', { name: '聊天记录' })

/** Waits for what a test reads to be as expected; longer than vitest would, for a machine with much to do. */
export function until<T>(read: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> {
  return expect.poll(read, { timeout: patience })
}

/** Types into a phone's chat and sends with Enter, as a customer at a keyboard does. */
export async function write(phone: Locator, text: string): Promise<void> {
  const box = phone.getByRole('textbox', { name: '消息' })
  await box.fill(text)
  await box.press('Enter')
}

/** Starts both; `register: false` leaves the emulator without a Mini Program. */
export async function startPhoneStage(browser: Browser, { register = true } = {}): Promise<PhoneStage> {
  let emulator = await createEmulator()
  const api = new Api({ appId: app.appId, appSecret: app.appSecret, url: emulator.url })
  const bot = new Bot({ api, logger: silentLogger })
  const pushes: Push[] = []
  bot.use(async (ctx, next) => {
    pushes.push(ctx.push)
    await next()
  })
  const server: KoaServer = await startKoa(
    new Koa().use(webhook(bot, { path: '/wechat', ...app, logger: silentLogger })),
  )
  const pushUrl = `http://127.0.0.1:${server.port}/wechat`
  if (register) emulator.addApp({ ...app, pushUrl })
  const contexts: BrowserContext[] = []
  const open: PhoneStage['open'] = async (query = '', options = {}) => {
    const context = await browser.newContext({
      locale: 'zh-CN',
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
      ...options,
    })
    contexts.push(context)
    context.setDefaultTimeout(patience)
    const trouble: string[] = []
    await context.route(
      (url) => url.origin !== emulator.url && url.protocol.startsWith('http'),
      async (route) => {
        trouble.push(`request to ${route.request().url()}`)
        await route.abort()
      },
    )
    const page = await context.newPage()
    page.on('pageerror', (error) => trouble.push(String(error)))
    page.on('dialog', (dialog) => trouble.push(`dialog ${dialog.message()}`))
    page.on('console', (message) => {
      if (message.type() === 'error') trouble.push(message.text())
    })
    await page.goto(`${emulator.url}/${query}`)
    const phone = (index = 0): Locator =>
      page
        .locator('main section[aria-label]')
        .filter({ has: page.locator('footer') })
        .nth(index)
    return {
      page,
      context,
      trouble,
      phone,
      openId: async (index = 0) =>
        page.evaluate<string>(`JSON.parse(localStorage.getItem('kefu.phones'))[${index}].openId`),
    }
  }
  return {
    get emulator() {
      return emulator
    },
    async restartEmulator(whileDown) {
      const { port } = emulator
      await emulator.close()
      await whileDown()
      emulator = await createEmulator({ port, apps: [{ ...app, pushUrl }] })
    },
    api,
    bot,
    pushes,
    pushUrl,
    open,
    async enterChat() {
      const opened = await open()
      const one = opened.phone()
      await contact(one).click()
      await until(() => pushes.length).toBe(1)
      return { ...opened, one, customer: await opened.openId() }
    },
    async close() {
      for (const context of contexts) await context.close()
      await server.close()
      await emulator.close()
      await api.close()
    },
  }
}
