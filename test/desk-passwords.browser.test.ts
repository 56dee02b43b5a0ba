import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { buildPage, describeInBrowser, launchBrowser, seriousViolations } from './browser.js'
import { patience, startDeskStage, type DeskStage } from './desk-stage.js'
import { deskPassword, signIn } from './support/desk-agent.js'
import { callControl } from '../src/server/control-client.js'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

describeInBrowser('passwords and sessions at the desk', () => {
  let browser: Browser
  let stage: DeskStage
  const shots = process.env['KEFU_SHOTS']

  beforeAll(async () => {
    await buildPage('desk')
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())
  afterEach(() => stage.close())

  it('lets somebody with a first password in once they have chosen their own', async () => {
    stage = await startDeskStage(browser)
    const given = { name: '小满', role: 'agent', password: deskPassword, isFirst: true }
    await callControl(stage.service.config.dataDir, 'agent-add', given)
    const { page, trouble } = await stage.open()
    await page.getByLabel('用户名').fill('小满')
    await page.getByLabel('密码').fill(deskPassword)
    await page.getByRole('button', { name: '登录' }).click()
    await page.getByRole('heading', { name: '设置自己的密码' }).waitFor()
    expect(await seriousViolations(page)).toEqual([])
    if (shots) await page.screenshot({ path: join(shots, 'first-password.png') })
    // A page that is loaded again asks for it as well, since it does not know the one given.
    await page.reload()
    await page.getByLabel('当前密码').fill(deskPassword)
    await page.getByLabel('新密码').fill(deskPassword)
    await page.getByLabel('再输一次密码').fill(deskPassword)
    await page.getByRole('button', { name: '修改并进入' }).click()
    await page.getByText('新密码不能和当前密码一样。').waitFor()
    await page.getByLabel('新密码').fill('my very own password')
    await page.getByLabel('再输一次密码').fill('my very own password')
    await page.getByRole('button', { name: '修改并进入' }).click()
    await page.getByRole('listbox', { name: '会话列表' }).waitFor({ timeout: patience })
    await signIn(stage.service.url, '小满', 'my very own password')
    expect(trouble).toEqual([])
  })

  it('shows where somebody is signed in, and ends what they choose', async () => {
    stage = await startDeskStage(browser)
    const { page, trouble } = await stage.enter('小满')
    const [one, two] = [await signIn(stage.service.url, '小满'), await signIn(stage.service.url, '小满')]
    await page.goto(`${stage.service.url}/#/settings`)
    await page.reload()
    const section = page.getByRole('region', { name: '登录的设备' })
    await section.getByText('本机').waitFor()
    expect(await section.getByRole('listitem').count()).toBe(3)
    await section.scrollIntoViewIfNeeded()
    expect(await seriousViolations(page)).toEqual([])
    if (shots) await page.screenshot({ path: join(shots, 'own-sessions.png') })
    await section
      .getByRole('button', { name: /^结束 未知设备/ })
      .first()
      .click()
    await vi.waitFor(async () => expect(await section.getByRole('listitem').count()).toBe(2), {
      timeout: patience,
    })
    await section.getByRole('button', { name: '结束其他所有登录' }).click()
    await section.getByText('没有其他登录。').waitFor()
    for (const { api } of [one, two]) expect((await api.call('GET /session')).status).toBe(401)
    await page
      .getByLabel('界面语言')
      .selectOption('en')
      .catch(() => page.locator('select').first().selectOption('en'))
    await page.getByRole('heading', { name: 'Where you are signed in' }).waitFor()
    if (shots) await page.screenshot({ path: join(shots, 'own-sessions-en.png') })
    expect(trouble).toEqual([])
  })
})
