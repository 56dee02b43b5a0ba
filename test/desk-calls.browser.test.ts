import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { buildPage, describeInBrowser, launchBrowser, seriousViolations } from './browser.js'
import { patience, startDeskStage, type DeskStage, type OpenDesk } from './desk-stage.js'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

describeInBrowser('what calls an agent', () => {
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
  const listen = (page: Page): Promise<void> =>
    page.evaluate(`(() => {
      globalThis.rung = 0
      globalThis.noted = []
      const start = OscillatorNode.prototype.start
      OscillatorNode.prototype.start = function (...args) { globalThis.rung++; return start.apply(this, args) }
      globalThis.Notification = class { static permission = 'granted'; constructor(title) { globalThis.noted.push(title) } close() {} }
    })()`)
  const rung = ({ page }: OpenDesk): Promise<number> => page.evaluate('rung')
  const icon = ({ page }: OpenDesk): Promise<string> =>
    page.evaluate(`document.querySelector('link[rel=icon]').href`)
  /** Somebody at a desk whose clock the test moves, and whose sounds it hears. */
  async function listener(name: string): Promise<OpenDesk> {
    const desk = await stage.enter(name)
    await desk.page.clock.install()
    await desk.page.reload()
    await desk.tab('待接入').waitFor()
    await listen(desk.page)
    await desk.tab('待接入').click()
    await desk.button('声音已开').waitFor()
    return desk
  }
  const later = (desk: OpenDesk): Promise<void> => desk.page.clock.runFor(31_000)

  it('is a conversation that a colleague hands over: sound, notification, title, icon and unread, until it is looked at', async () => {
    const giver = await stage.enter('小满')
    const desk = await listener('李四')
    const customer = stage.customer('oHandedOne0001')
    await customer.sends('这单谁来跟')
    await giver.row(/这单谁来跟/).click()
    await giver.button('接入').click()
    await until(() => giver.reply.isEnabled()).toBe(true)
    await until(() => desk.page.title()).toBe('客服台')
    await until(() => icon(desk)).toMatch(/\.svg$/)
    await desk.page.evaluate('(noted.length = 0), (rung = 0)')

    await giver.button('转接').click()
    await giver.page.getByRole('dialog').getByText('李四').click()
    await until(() => desk.page.title()).toBe('(1) 转给你 · 客服台')
    await until(() => icon(desk)).toMatch(/^data:image\/png/)
    await until(() => rung(desk)).toBeGreaterThan(0)
    expect(await desk.page.evaluate('noted')).toEqual(['同事把一个会话转给了你'])
    await desk.tab('我的').click()
    await desk.row(/0001，我，转给你，未读 1 条/).waitFor()
    expect(await seriousViolations(desk.page)).toEqual([])
    // Nobody calls whom nothing was given.
    expect(await giver.page.title()).toBe('客服台')

    const before = await rung(desk)
    await later(desk)
    await until(() => rung(desk)).toBeGreaterThan(before)
    // It still does after the page was opened anew.
    await desk.page.reload()
    await until(() => desk.page.title()).toBe('(1) 转给你 · 客服台')
    await listen(desk.page)
    await desk.tab('我的').click()
    await customer.sends('还有人在吗')
    await desk.row(/转给你，未读 2 条.*还有人在吗/).waitFor()
    await desk.row(/还有人在吗/).click()
    await until(() => desk.page.title()).toBe('客服台')
    await until(() => icon(desk)).toMatch(/\.svg$/)
    await desk.row(/0001，我，等待/).waitFor()
    const looked = await rung(desk)
    await later(desk)
    await later(desk)
    expect(await rung(desk)).toBe(looked)
    await desk.button('结束').click()
    expect([...giver.trouble, ...desk.trouble]).toEqual([])
    await giver.context.close()
    await desk.context.close()
  })

  it('is a customer who waits, also when looked at and left, until somebody has them; heard while 在线', async () => {
    const desk = await listener('阿月')
    const customer = stage.customer('oWaitingOne0002')
    await customer.sends('有人吗')
    await until(() => desk.page.title()).toBe('(1) 待接入 · 客服台')
    await until(() => rung(desk)).toBeGreaterThan(0)
    await desk.row(/有人吗/).click()
    await desk.thread.getByText('有人吗').waitFor()
    await desk.page.goBack()
    await customer.sends('再问一句')
    await desk.row(/再问一句/).waitFor()
    expect(await desk.page.title()).toBe('(1) 待接入 · 客服台')
    expect(await icon(desk)).toMatch(/^data:image\/png/)
    let before = await rung(desk)
    await later(desk)
    await until(() => rung(desk)).toBeGreaterThan(before)

    const setStatus = async (from: string, to: string): Promise<void> => {
      await desk.page.getByRole('button', { name: `我的状态：${from}` }).click()
      await desk.page.getByRole('menuitemradio', { name: to }).click()
      await desk.page.getByRole('button', { name: `我的状态：${to}` }).waitFor()
    }
    await setStatus('在线', '忙碌')
    before = await rung(desk)
    await later(desk)
    await later(desk)
    expect(await rung(desk)).toBe(before)
    expect(await desk.page.title()).toBe('(1) 待接入 · 客服台')
    expect(await icon(desk)).toMatch(/^data:image\/png/)
    await setStatus('忙碌', '在线')
    await until(() => rung(desk)).toBeGreaterThan(before)

    await desk.row(/再问一句/).click()
    await desk.button('接入').click()
    await until(() => desk.page.title()).toBe('客服台')
    await until(() => icon(desk)).toMatch(/\.svg$/)
    before = await rung(desk)
    await later(desk)
    expect(await rung(desk)).toBe(before)
    expect(desk.trouble).toEqual([])
    await desk.context.close()
  })
})
