import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createEmulator, type Emulator } from '../src/emulator/index.js'
import { buildPage, describeInBrowser, launchBrowser, seriousViolations } from './browser.js'
import { app, contact } from './phone-stage.js'
import { startPushReceiver, type PushReceiver } from './push-receiver.js'

const SLOW = 240_000

describeInBrowser('the phone of an emulator with a key', () => {
  let browser: Browser
  let emulator: Emulator
  let receiver: PushReceiver

  beforeAll(async () => {
    await buildPage('phone')
    browser = await launchBrowser()
    receiver = await startPushReceiver()
    emulator = await createEmulator({
      key: 'the-key-of-the-tests',
      apps: [{ ...app, pushUrl: receiver.url }],
    })
  })
  afterAll(async () => {
    await browser.close()
    await emulator.close()
    await receiver.close()
  })

  async function open(hash = ''): Promise<{ page: Page; context: BrowserContext; asked: string[] }> {
    const context = await browser.newContext({
      locale: 'zh-CN',
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
    })
    // The machine may be busy.
    context.setDefaultTimeout(60_000)
    const page = await context.newPage()
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await page.goto(`${emulator.url}/${hash}`)
    return { page, context, asked }
  }
  const box = (page: Page) => page.getByLabel('密钥', { exact: true })

  it(
    'opens by the printed link, which leaves no trace of the key',
    async () => {
      const { page, context, asked } = await open('#key=the-key-of-the-tests')
      await contact(page.locator('main')).first().waitFor()
      expect(page.url()).toBe(`${emulator.url}/`)
      expect(asked.join(' ')).not.toContain('the-key-of-the-tests')
      const kept = await page.evaluate<string>(
        'JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, history.state])',
      )
      expect(kept).not.toContain('the-key-of-the-tests')
      expect(kept).not.toContain('kefu_emulator')
      const [cookie] = await context.cookies(`${emulator.url}/_emulator/apps`)
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/_emulator' })
      expect(cookie?.value).not.toContain('the-key-of-the-tests')
      // No other service of this machine is sent it with its own pages.
      expect(await context.cookies(receiver.url)).toEqual([])

      await contact(page.locator('main')).first().click()
      await expect.poll(() => receiver.received.length, { timeout: 60_000 }).toBe(1)
      // Live events come with the cookie, also after a reload.
      await page.reload()
      await page.getByText('实时').first().waitFor()
      await context.close()
    },
    SLOW,
  )

  it(
    'asks for the key otherwise, says when it is wrong, and goes on with the right one',
    async () => {
      const { page, context } = await open('#key=not-the-key')
      await box(page).waitFor()
      expect(await page.locator('main').innerText()).not.toContain('云朵商城')
      expect(await seriousViolations(page)).toEqual([])
      await box(page).fill('wrong')
      await box(page).press('Enter')
      await page.getByRole('alert').getByText('密钥不对').waitFor()
      await box(page).fill('the-key-of-the-tests')
      await page.getByRole('button', { name: '打开' }).click()
      await contact(page.locator('main')).first().waitFor()
      expect(await box(page).count()).toBe(0)
      await context.close()
    },
    SLOW,
  )

  it(
    'asks again when the emulator was started anew',
    async () => {
      const { page, context } = await open('#key=the-key-of-the-tests')
      await page.getByText('实时').first().waitFor()
      const { port } = emulator
      await emulator.close()
      emulator = await createEmulator({
        port,
        key: 'another-key-of-tests',
        apps: [{ ...app, pushUrl: receiver.url }],
      })
      await box(page).waitFor()
      await box(page).fill('another-key-of-tests')
      await box(page).press('Enter')
      await contact(page.locator('main')).first().waitFor()
      await context.close()
    },
    SLOW,
  )
})
