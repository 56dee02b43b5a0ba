import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core'
import type { Emulator } from '../src/emulator/index.js'
import type { UserHandle } from '../src/emulator/user-handle.js'
import { patience } from './browser.js'
import { addAgent, deskPassword } from './support/desk-agent.js'
import { planted, startTestService, type TestService } from './support/test-service.js'

export { patience }

/** The whole service with its desk, beside an emulated WeChat with customers. */
export interface DeskStage {
  readonly service: TestService
  readonly emulator: Emulator
  /** The stage's Mini Program. */
  readonly appId: string
  /** A customer of the stage's Mini Program. */
  readonly customer: (openId?: string) => UserHandle
  /** What an agent is called here: the name itself, or one that no other test of the file has. */
  readonly nameOf: (name: string) => string
  /** Adds who has that name here, when there is none. */
  addAgent(name: string, role?: 'agent' | 'admin'): Promise<void>
  /** Opens the desk in a browser of its own, so to speak: nothing remembered, nobody signed in. */
  open(query?: string, options?: BrowserContextOptions & { origin?: string }): Promise<OpenDesk>
  /** Opens it and signs in as who has that name here; the agent is added when there is none. */
  enter(name?: string, options?: EnterOptions): Promise<OpenDesk>
  close(): Promise<void>
}

export interface EnterOptions extends BrowserContextOptions {
  role?: 'agent' | 'admin'
  query?: string
  /** By which address the page is opened, when not by the service's own. */
  origin?: string
}

export interface OpenDesk {
  readonly page: Page
  readonly context: BrowserContext
  readonly list: Locator
  readonly thread: Locator
  /** A row of the list, by what is in its name. */
  readonly row: (text: string | RegExp) => Locator
  readonly tab: (name: string) => Locator
  readonly button: (name: string) => Locator
  readonly reply: Locator
  /** What went wrong on the page: errors, refusals of the Content-Security-Policy, requests to elsewhere. */
  readonly trouble: string[]
}

/** What a stage has of its service. */
export interface DeskScene {
  readonly service: TestService
  readonly appId: string
  readonly nameOf: (name: string) => string
  readonly addAgent: (name: string, role: 'agent' | 'admin') => Promise<void>
  readonly close: () => Promise<void>
}

/** A stage with a service of its own. */
export async function startDeskStage(
  browser: Browser,
  environment: Record<string, string> = {},
  options: Parameters<typeof startTestService>[1] = {},
): Promise<DeskStage> {
  const service = await startTestService(environment, options)
  return deskStage(browser, {
    service,
    appId: planted.WECHAT_APP_ID,
    nameOf: (name) => name,
    addAgent: (name, role) => addAgent(service, name, role),
    close: () => service.close(),
  })
}

/** A stage in whatever service there is. */
export function deskStage(browser: Browser, scene: DeskScene): DeskStage {
  const { service, appId, nameOf } = scene
  const contexts: BrowserContext[] = []
  const known = new Set<string>()

  const open: DeskStage['open'] = async (query = '', { origin = service.url, ...options } = {}) => {
    const context = await browser.newContext({
      locale: 'zh-CN',
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write', 'notifications'],
      ...options,
    })
    contexts.push(context)
    context.setDefaultTimeout(patience)
    const trouble: string[] = []
    await context.route(
      (url) => url.origin !== origin && url.protocol.startsWith('http'),
      async (route) => {
        trouble.push(`request to ${route.request().url()}`)
        await route.abort()
      },
    )
    const page = await context.newPage()
    page.on('pageerror', (error) => trouble.push(String(error)))
    page.on('dialog', (dialog) => trouble.push(`dialog ${dialog.message()}`))
    page.on('console', (message) => {
      // What was refused is told by the page itself; the browser notes each answer of 4xx besides.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        trouble.push(message.text())
    })
    await page.goto(`${origin}/${query}`)
    const list = page.getByRole('listbox', { name: '会话列表' })
    return {
      page,
      context,
      list,
      thread: page.getByRole('log', { name: '消息' }),
      row: (text) => list.getByRole('option', { name: text }),
      tab: (name) => page.getByRole('tab', { name }),
      button: (name) => page.getByRole('button', { name, exact: true }),
      reply: page.getByRole('textbox', { name: '回复' }),
      trouble,
    }
  }

  const add: DeskStage['addAgent'] = async (name, role = 'agent') => {
    const ours = nameOf(name)
    if (!known.has(ours)) await scene.addAgent(ours, role)
    known.add(ours)
  }

  return {
    service,
    appId,
    addAgent: add,
    get emulator() {
      return service.emulator
    },
    customer: (openId = 'oENu5xk3lGm0001poec') => service.emulator.user(openId, appId),
    nameOf,
    open,
    async enter(name = '小满', { role = 'agent', query = '', ...options } = {}) {
      await add(name, role)
      const desk = await open(query, options)
      await signIn(desk.page, nameOf(name))
      await desk.list.waitFor()
      return desk
    },
    async close() {
      for (const context of contexts.splice(0)) await context.close()
      await scene.close()
    },
  }
}

/** Signs in on the page, as a person does. */
export async function signIn(page: Page, name: string, password = deskPassword): Promise<void> {
  await page.getByLabel('用户名').fill(name)
  await page.getByLabel('密码').fill(password)
  await page.getByRole('button', { name: '登录' }).click()
}
