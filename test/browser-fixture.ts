import type { Browser } from 'playwright-core'
import { expect, test } from 'vitest'
import { deskSettings } from '../src/people/schemas/settings-view.js'
import { launchBrowser } from './browser.js'
import { deskStage, patience, startDeskStage, type DeskStage, type OpenDesk } from './desk-stage.js'
import { startPhoneStage, type PhoneStage } from './phone-stage.js'
import { ApiClient } from './support/api-client.js'
import { deskPassword } from './support/desk-agent.js'
import { startTestService, type TestService } from './support/test-service.js'

/** A test in a real Chromium: one a file. A context is the test's own. */
const browserTest = test.extend('browser', { scope: 'file' }, async ({}, { onCleanup }) => {
  const browser = await launchBrowser()
  onCleanup(() => browser.close())
  return browser
})

/** What a service needs that has no Mini Program by its environment. */
export const noApp: Readonly<Record<string, string>> = {
  WECHAT_APP_ID: '',
  WECHAT_APP_SECRET: '',
  WECHAT_TOKEN: '',
  WECHAT_ENCODING_AES_KEY: '',
}

/** The service of a file, to which each test brings a Mini Program. */
export interface SharedService {
  readonly service: TestService
  /** What a program may do there: everything. */
  readonly api: ApiClient
  /** 1 for the first test of the file. */
  readonly nextTest: () => number
}

/**
 * A test at the desk. `stage` has a Mini Program and agents of its own in the file's service: its agents see that
 * Mini Program alone, its admins all that the file left. `ownService` starts a service for this test alone: the test
 * says why it needs one. With `hasApp` off, the service has no Mini Program but those that a test connects.
 */
export const deskTest = browserTest
  .extend('hasApp', true)
  .extend('shared', { scope: 'file' }, async ({}, { onCleanup }): Promise<SharedService> => {
    const key = 'a-key-of-the-browser-tests-0123456789'
    const service = await startTestService({
      ...noApp,
      KEFU_API_KEY: key,
      KEFU_ALLOW_PRIVATE_HOOKS: 'loopback',
    })
    onCleanup(() => service.close())
    let tests = 0
    return { service, api: new ApiClient(service.url, key), nextTest: () => ++tests }
  })
  .extend('api', async ({ shared }) => shared.api)
  .extend('stage', async ({ browser, shared, hasApp }, { onCleanup }): Promise<DeskStage> => {
    const stage = await shareService(browser, shared, hasApp)
    onCleanup(() => stage.close())
    return stage
  })
  .extend('ownService', async ({ browser }, { onCleanup }) => {
    const stages: DeskStage[] = []
    onCleanup(async () => {
      for (const stage of stages) await stage.close()
    })
    return async (environment: Readonly<Record<string, string>> = {}): Promise<DeskStage> => {
      const stage = await startDeskStage(browser, environment)
      stages.push(stage)
      return stage
    }
  })

/**
 * A test with phones. Each has an emulator of its own, as the page shows every Mini Program that there is; `emptyStage`
 * has none.
 */
export const phoneTest = browserTest
  .extend('stage', async ({ browser }, { onCleanup }): Promise<PhoneStage> => {
    const stage = await startPhoneStage(browser)
    onCleanup(() => stage.close())
    return stage
  })
  .extend('emptyStage', async ({ browser }, { onCleanup }): Promise<PhoneStage> => {
    const stage = await startPhoneStage(browser, { register: false })
    onCleanup(() => stage.close())
    return stage
  })

/** A stage in the file's service: a Mini Program and names that no other test of the file has. */
async function shareService(
  browser: Browser,
  { service, api, nextTest }: SharedService,
  hasApp: boolean,
): Promise<DeskStage> {
  const number = String(nextTest()).padStart(2, '0')
  const appId = `wx10000000000000${number}`
  if (hasApp) {
    const app = { appId, appSecret: 'cafe'.repeat(8), token: `tokenOfTest${number}` }
    const encodingAESKey = 'keyOfTheBrowserTests'.repeat(3).slice(0, 43)
    const pushUrl = `${service.url}/wechat/${appId}`
    service.emulator.addApp({ ...app, encodingAESKey, pushUrl })
    await api.ok('POST /apps', { body: { ...app, encodingAESKey } })
  }
  return deskStage(browser, {
    service,
    appId,
    nameOf: (name) => `${name}${number}`,
    async addAgent(name, role) {
      const apps = role === 'admin' || !hasApp ? 'all' : [appId]
      await api.ok('POST /agents', { body: { name, role, apps, password: deskPassword } })
    },
    async close() {
      // The next test finds Mini Programs, rules, settings and WeChat's side as the first one did.
      const { items } = (await api.ok('GET /apps')) as { items: { appId: string }[] }
      for (const { appId: id } of items) await api.ok('DELETE /apps/:id', { params: { id } })
      await api.ok('PUT /rules', { body: { rules: [] } })
      await api.ok('PUT /settings', { body: deskSettings.parse({}) })
      await service.emulator.reset()
    },
  })
}

/** Waits for what a test reads to be as expected. */
export function until<T>(read: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> {
  return expect.poll(read, { timeout: patience })
}

/** A customer who waits, and an agent who has taken them. */
export async function taken(stage: DeskStage): Promise<OpenDesk> {
  await stage.customer().sends('我的杯子有裂纹')
  const desk = await stage.enter('小满')
  await desk.row(/我的杯子有裂纹/).click()
  await desk.button('接入').click()
  await until(() => desk.reply.isEnabled()).toBe(true)
  return desk
}

/** What the first customer was told, in its order. */
export function said(stage: DeskStage): string[] {
  return stage
    .customer()
    .messages.filter(({ from }) => from === 'service')
    .map(({ content }) => ('content' in content ? content.content : content.msgType))
}
