import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { buildPage, describeInBrowser, launchBrowser, seriousViolations } from './browser.js'
import { patience, startDeskStage, type DeskStage, type OpenDesk } from './desk-stage.js'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

describeInBrowser('the desk’s keys, forms and charts', () => {
  let browser: Browser
  let stage: DeskStage

  beforeAll(async () => {
    await buildPage('desk')
    browser = await launchBrowser()
    stage = await startDeskStage(browser)
  })
  afterAll(async () => {
    await stage.close()
    await browser.close()
  })
  const until = <T>(read: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> =>
    expect.poll(read, { timeout: patience })
  async function admin(section: string, options: BrowserContextOptions = {}): Promise<OpenDesk> {
    const desk = await stage.enter('店长', { role: 'admin', ...options })
    await desk.page.goto(`${stage.service.url}/#/admin/${section}`)
    return desk
  }

  it('a key of a shortcut is never typed into the field that a shortcut moves the focus to', async () => {
    await stage.customer('oKeys0001').sends('按键')
    await stage.customer('oKeys0002').sends('再按')
    const desk = await stage.enter('小满')
    const { page } = desk
    await desk.row(/按键/).click()
    await desk.button('接入').waitFor()
    await page.locator('body').press('t')
    // As soon as the box has the focus, in the same moment: nobody is faster.
    await page.evaluate(`new Promise((done) => {
      const look = () => (document.activeElement?.tagName === 'TEXTAREA' ? done() : requestAnimationFrame(look))
      look() })`)
    await page.keyboard.press('r')
    expect(await desk.reply.inputValue()).toBe('')
    // And what is written then is written whole.
    await page.keyboard.type('right, r and n')
    expect(await desk.reply.inputValue()).toBe('right, r and n')
    await desk.reply.fill('')

    await desk.row(/再按/).click()
    await desk.button('接入').waitFor()
    await page.locator('body').press('t')
    await page.evaluate(`new Promise((done) => {
      const look = () => (document.activeElement?.tagName === 'TEXTAREA' ? done() : requestAnimationFrame(look))
      look() })`)
    await page.keyboard.press('n')
    const note = page.getByRole('textbox', { name: '备注' })
    await note.waitFor()
    expect(await note.inputValue()).toBe('')
    // A key that is held down repeats; it does not go on in the field.
    await page.keyboard.press('Escape')
    await until(() => page.evaluate(`document.activeElement.tagName`)).not.toBe('TEXTAREA')
    await page.keyboard.down('r')
    await until(() => page.evaluate(`document.activeElement.tagName`)).toBe('TEXTAREA')
    for (let times = 0; times < 5; times++) await page.keyboard.down('r')
    await page.keyboard.up('r')
    expect(await desk.reply.inputValue()).toBe('')
    await page.keyboard.type('rr')
    expect(await desk.reply.inputValue()).toBe('rr')
    expect(desk.trouble).toEqual([])
    await desk.context.close()
  })

  it('an error of the rules’ test goes when the rules are mended, and is not there beside what was saved', async () => {
    const desk = await admin('rules')
    const { page } = desk
    const add = async (name: string, words: string): Promise<void> => {
      await page.getByRole('button', { name: '添加规则' }).click()
      const form = page.getByRole('dialog')
      await form.getByLabel('规则名称').fill(name)
      await form.getByLabel('消息内容', { exact: true }).fill(words)
      await form.getByLabel('回复内容').fill('好')
      await form.getByRole('button', { name: '确定' }).click()
    }
    await add('退款', '退款')
    const box = page.getByRole('region', { name: '试一试' })
    await page.route('**/api/v1/rules/test', (route) =>
      route.fulfill({
        status: 422,
        json: { error: { code: 'invalid', message: 'rules[0].when.text: must not be empty' } },
      }),
    )
    await box.getByRole('button', { name: '测试', exact: true }).click()
    // An empty one is not there for anybody.
    await box.getByRole('alert').waitFor()
    await add('发票', '发票')
    await until(() => box.getByRole('alert').count()).toBe(0)
    await page.getByRole('button', { name: '保存全部规则' }).click()
    await page.getByText('规则已保存').waitFor()
    expect(
      await page.locator('[role=alert] .problem, .problem[role=alert]').filter({ hasText: /\S/ }).count(),
    ).toBe(0)
    expect(desk.trouble).toEqual([])
    await desk.context.close()
  })

  it('placeholders have names where rules and canned replies are written, and are put in where the caret is', async () => {
    const desk = await admin('rules')
    const { page } = desk
    await page.getByRole('button', { name: '添加规则' }).click()
    const form = page.getByRole('dialog')
    await form.getByLabel('回复内容').fill('您从来')
    await page.evaluate('document.activeElement.setSelectionRange(2, 2)')
    await form.getByRole('button', { name: '插入变量 {{sessionFrom}}：客户来源' }).click()
    expect(await form.getByLabel('回复内容').inputValue()).toBe('您从{{sessionFrom}}来')
    await form.getByText('读作：您从〔客户来源〕来').waitFor()
    expect(await seriousViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.goto(`${stage.service.url}/#/admin/canned`)
    await page.getByRole('button', { name: '添加快捷回复' }).click()
    await page.getByLabel('内容').fill('您好，')
    await page.getByRole('button', { name: /插入变量 .*客户称呼/ }).click()
    await page.getByText('读作：您好，〔客户称呼〕').waitFor()
    expect(desk.trouble).toEqual([])
    await desk.context.close()
  })

  it.each([1440, 360])('the report’s bars fill its width at %i px', async (width) => {
    const desk = await admin('report', {
      viewport: { width, height: 800 },
      colorScheme: width === 360 ? 'dark' : 'light',
    })
    const { page } = desk
    await page.locator('figure svg').first().waitFor()
    const filled = (): Promise<number> =>
      page.evaluate(`(() => { const svg = document.querySelector('figure svg')
        return svg.getBoundingClientRect().width / svg.parentElement.clientWidth })()`)
    await until(filled).toBeGreaterThan(0.97)
    if (width > 1000) expect(await filled()).toBeLessThan(1.01)
    expect(await page.evaluate(`document.documentElement.scrollWidth <= ${width}`)).toBe(true)
    await desk.context.close()
  })
})
