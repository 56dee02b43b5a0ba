import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { buildPage, describeInBrowser, launchBrowser, seriousViolations } from './browser.js'
import { patience, startDeskStage, type DeskStage, type OpenDesk } from './desk-stage.js'
import { fillThreads, filledText } from './support/long-thread.js'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const [long, middle, other, short] = ['oLongThread0001', 'oMiddleOne0002', 'oOtherOne0003', 'oShortOne0004']
const counts = { [long]: 5000, [middle]: 700, [other]: 700, [short]: 50 }

describeInBrowser('a thread of thousands of messages', () => {
  let browser: Browser
  let stage: DeskStage
  let unreadCustomers = 4

  beforeAll(async () => {
    await buildPage('desk')
    browser = await launchBrowser()
    stage = await startDeskStage(browser)
    for (const openId of Object.keys(counts)) await stage.customer(openId).sends('你好')
    const desk = await stage.enter('小满')
    await desk.tab('待接入 4').waitFor()
    await desk.context.close()
    await fillThreads(stage.service, counts)
  })
  afterAll(async () => {
    await stage.close()
    await browser.close()
  })

  const until = <T>(read: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> =>
    expect.poll(read, { timeout: patience })
  /** A conversation of one of them, open at its end. */
  async function opened(openId: string, options = {}): Promise<OpenDesk> {
    const desk = await stage.enter('小满', options)
    await show(desk, openId)
    return desk
  }
  async function show(desk: OpenDesk, openId: string): Promise<void> {
    await desk.row(new RegExp(openId.slice(-4))).click()
    await desk.page.getByRole('main', { name: new RegExp(openId.slice(-4)) }).waitFor()
    await desk.thread.locator('article').first().waitFor()
    await until(() => desk.thread.getAttribute('aria-busy')).toBe('false')
  }
  const scrollTop = (desk: OpenDesk, to?: number): Promise<number> =>
    desk.page.evaluate(
      to === undefined
        ? `document.querySelector('[role=log]').scrollTop`
        : // The page hears of it with the next frame.
          `new Promise((resolve) => { const log = document.querySelector('[role=log]')
            log.scrollTop = ${to}
            requestAnimationFrame(() => requestAnimationFrame(() => resolve(log.scrollTop))) })`,
    )
  /** The first message in sight and where it stands. */
  const inSight = (desk: OpenDesk): Promise<{ id: number; top: number; text: string }> =>
    desk.page.evaluate(`(() => {
      const log = document.querySelector('[role=log]'), edge = log.getBoundingClientRect().top
      const first = [...log.querySelectorAll('[data-id]')].find((one) => one.getBoundingClientRect().bottom > edge)
      return { id: Number(first.dataset.id), top: first.getBoundingClientRect().top - edge,
        text: /第\\d+条/.exec(first.textContent)?.[0] ?? '' } })()`)
  /** From now on the most elements of messages, and of anything in the log, that the page had at once. */
  const watchMost = (desk: OpenDesk): Promise<void> =>
    desk.page.evaluate(`(() => {
      globalThis.most = { messages: 0, all: 0 }
      const look = () => {
        const log = document.querySelector('[role=log]')
        if (!log) return
        most.messages = Math.max(most.messages, log.querySelectorAll('[data-id], .pending').length)
        most.all = Math.max(most.all, log.firstElementChild.children.length)
      }
      new MutationObserver(look).observe(document.body, { childList: true, subtree: true })
      look() })()`)
  const most = (desk: OpenDesk): Promise<{ messages: number; all: number }> => desk.page.evaluate('most')
  async function toBegin(desk: OpenDesk): Promise<void> {
    await desk.thread.focus()
    await until(async () => {
      await desk.page.keyboard.press('Home')
      return desk.page.getByText('会话从这里开始').count()
    }).toBe(1)
  }

  it('never has more than 300 elements of it in the page, back to its first message and to its end again', async () => {
    const desk = await opened(long)
    await watchMost(desk)
    await desk.thread.focus()
    await expect
      .poll(
        async () => {
          await desk.page.keyboard.press('Home')
          return desk.page.getByText('会话从这里开始').count()
        },
        { timeout: 120_000, interval: 20 },
      )
      .toBe(1)
    await desk.thread.getByText(filledText(1), { exact: true }).waitFor()
    // Somewhere in the middle it has no more than at its end.
    await desk.page.keyboard.press('End')
    await until(async () => (await desk.thread.innerText()).includes(filledText(4999))).toBe(true)
    await desk.button('回到最新').waitFor({ state: 'hidden' })
    const { messages, all } = await most(desk)
    expect(messages).toBeGreaterThan(50)
    expect(messages).toBeLessThanOrEqual(140)
    expect(all).toBeLessThanOrEqual(300)
    expect(desk.trouble).toEqual([])
    await desk.context.close()
  })

  it('shows each message once and in order, however it is scrolled, and what is read stays in its place', async () => {
    const desk = await opened(middle)
    await toBegin(desk)
    await watchMost(desk)
    // In steps of a part of what is seen: what was seen before each step must have moved by that step and no more.
    const walk = (by: number): Promise<{ seen: number[]; jumps: number[] }> =>
      desk.page.evaluate(`(async () => {
        const log = document.querySelector('[role=log]'), edge = log.getBoundingClientRect().top
        const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
        const visible = () => [...log.querySelectorAll('[data-id]')].filter((one) => {
          const { top, bottom } = one.getBoundingClientRect()
          return bottom > edge && top < edge + log.clientHeight })
        const seen = [], jumps = []
        let still = 0
        while (still < 4) {
          const before = visible()
          for (const one of before) {
            const number = Number(/第(\\d+)条/.exec(one.textContent)?.[1] ?? 0)
            if (number > 0 && !seen.includes(number)) seen.push(number)
          }
          const one = before[Math.floor(before.length / 2)]
          const [top, at] = [one.getBoundingClientRect().top, log.scrollTop]
          log.scrollBy(0, ${by})
          const moved = log.scrollTop - at
          await frame(); await frame()
          if (!one.isConnected) jumps.push(Infinity)
          else if (Math.abs(one.getBoundingClientRect().top - (top - moved)) > 2) jumps.push(one.getBoundingClientRect().top - (top - moved))
          still = moved === 0 ? still + 1 : 0
        }
        return { seen, jumps } })()`)
    const all = Array.from({ length: counts[middle] ?? 0 }, (_, index) => index + 1)
    const down = await walk(350)
    expect(down.jumps).toEqual([])
    expect(down.seen).toEqual(all)
    const up = await walk(-350)
    expect(up.jumps).toEqual([])
    expect(up.seen.toSorted((a, b) => a - b)).toEqual(all)
    const { messages } = await most(desk)
    expect(messages).toBeLessThanOrEqual(140)
    expect(desk.trouble).toEqual([])
    await desk.context.close()
  })

  it('stays where one reads while messages come below, says them, and is found there again', async () => {
    const desk = await opened(other)
    await toBegin(desk)
    await scrollTop(desk, 1234)
    await until(async () => (await desk.thread.getAttribute('aria-busy')) === 'false').toBe(true)
    const before = await inSight(desk)
    await stage.customer(other).sends('下面的新消息')
    await desk.button('1 条新消息').waitFor()
    expect(await inSight(desk)).toEqual(before)
    // The log can't say what is not in the page: it is said beside it, by who wrote it.
    await desk.page.locator('[aria-live=polite]', { hasText: /访客.*：下面的新消息/ }).waitFor()
    expect(await desk.thread.getByText('下面的新消息').count()).toBe(0)

    await show(desk, short)
    await show(desk, other)
    const after = await inSight(desk)
    expect(after.id).toBe(before.id)
    expect(Math.abs(after.top - before.top)).toBeLessThan(2)

    await desk.page.getByRole('button', { name: /^(回到最新|\d+ 条新消息)$/ }).click()
    await desk.thread.getByText('下面的新消息').waitFor()
    await desk.button('回到最新').waitFor({ state: 'hidden' })
    // At the end the log itself says what comes: it is not busy, and it is all that does.
    await until(() => desk.thread.getAttribute('aria-busy')).toBe('false')
    await until(async () => (await desk.page.locator('.wrap > [aria-live=polite]').innerText()).trim()).toBe(
      '',
    )
    await stage.customer(other).sends('再来一句')
    await desk.thread.getByText('再来一句').waitFor()
    expect(await desk.thread.getAttribute('aria-busy')).toBe('false')
    expect((await desk.page.locator('.wrap > [aria-live=polite]').innerText()).trim()).toBe('')
    expect(desk.trouble).toEqual([])
    await desk.context.close()
  })

  it('takes old messages that come into the page for old', async () => {
    const desk = await opened(middle)
    await desk.page.evaluate(`(() => {
      globalThis.added = []
      const log = document.querySelector('[role=log]')
      new MutationObserver((records) => {
        for (const { addedNodes } of records) for (const node of addedNodes)
          if (node.dataset?.id) added.push(log.getAttribute('aria-busy'))
      }).observe(log.firstElementChild, { childList: true }) })()`)
    await toBegin(desk)
    await desk.page.keyboard.press('End')
    await until(async () => (await desk.thread.innerText()).includes(filledText(699))).toBe(true)
    const busy = await desk.page.evaluate<string[]>('added')
    expect(busy.length).toBeGreaterThan(200)
    expect(new Set(busy)).toEqual(new Set(['true']))
    await until(() => desk.thread.getAttribute('aria-busy')).toBe('false')
    await desk.context.close()
  })

  it('has the line above what was not read, also where that is further up than the page goes', async () => {
    // Another one where CI runs this again.
    const openId = `oUnreadOne000${++unreadCustomers}`
    const customer = stage.customer(openId)
    await customer.sends('第一句')
    const reader = await stage.enter('阿月')
    await show(reader, openId)
    await reader.thread.getByText('第一句').waitFor()
    await show(reader, short)
    for (let number = 1; number <= 70; number++) await customer.sends(`没读过${number}`)
    await reader.row(new RegExp(`${openId.slice(-4)}.*未读 70`)).waitFor()
    await watchMost(reader)
    await show(reader, openId)
    const line = reader.thread.getByText('以下为新消息')
    await line.waitFor()
    const next = await reader.page.evaluate<string>(
      `document.querySelector('[data-fresh]').nextElementSibling.textContent`,
    )
    expect(next).toContain('没读过1')
    await until(async () => {
      const [lineBox, logBox] = [await line.boundingBox(), await reader.thread.boundingBox()]
      return Math.abs((lineBox?.y ?? Infinity) - (logBox?.y ?? 0))
    }).toBeLessThan(40)
    // And it can be gone on from there to the end.
    await reader.thread.focus()
    await reader.page.keyboard.press('End')
    await reader.thread.getByText('没读过70', { exact: true }).waitFor()
    expect((await most(reader)).messages).toBeLessThanOrEqual(140)
    expect(reader.trouble).toEqual([])
    await reader.context.close()
  })

  it('keeps what is selected, and who is at a button, while it slides; and what is read when something above grows', async () => {
    const desk = await opened(middle)
    await toBegin(desk)
    await scrollTop(desk, 2000)
    await until(async () => (await desk.thread.getAttribute('aria-busy')) === 'false').toBe(true)
    await desk.page.evaluate(`(() => {
      const edge = document.querySelector('[role=log]').getBoundingClientRect().top
      const one = [...document.querySelectorAll('[role=log] .bubble')].find((one) => one.getBoundingClientRect().top > edge + 50)
      getSelection().selectAllChildren(one) })()`)
    const selected = await desk.page.evaluate<string>('String(getSelection())')
    expect(selected).toMatch(/第\d+条/)
    for (const by of [900, 900, 900, -2700]) await scrollTop(desk, (await scrollTop(desk)) + by)
    expect(await desk.page.evaluate<string>('String(getSelection())')).toBe(selected)

    await until(() => desk.thread.getAttribute('aria-busy')).toBe('false')
    const before = await inSight(desk)
    await desk.page.evaluate(`(() => {
      const edge = document.querySelector('[role=log]').getBoundingClientRect().top
      const above = [...document.querySelectorAll('[role=log] [data-id]')].filter((one) => one.getBoundingClientRect().bottom < edge)
      above.at(-2).style.minHeight = '333px' })()`)
    await until(async () => Math.abs((await inSight(desk)).top - before.top)).toBeLessThan(2)
    expect((await inSight(desk)).id).toBe(before.id)
    expect(desk.trouble).toEqual([])
    await desk.context.close()
  })

  it('costs no more elements than a short one, and typing changes nothing in it', async () => {
    const desk = await opened(short)
    const elements = (): Promise<number> => desk.page.evaluate(`document.querySelectorAll('main *').length`)
    const few = await elements()
    await show(desk, long)
    expect(await elements()).toBeLessThan(few * 1.2)
    await pagesBack(desk)
    await desk.page.evaluate(`(() => {
      globalThis.changes = 0
      new MutationObserver((records) => { changes += records.length })
        .observe(document.querySelector('[role=log]'), { subtree: true, childList: true, attributes: true, characterData: true }) })()`)
    const box = desk.page.getByRole('textbox', { name: '备注' })
    await until(() => desk.thread.getAttribute('aria-busy')).toBe('false')
    await box.click()
    await desk.page.evaluate('changes = 0')
    await desk.page.keyboard.type('一个字一个字地写，写上两行也不动消息')
    await desk.page.keyboard.press('Shift+Enter')
    await desk.page.keyboard.type('第二行')
    expect(await box.inputValue()).toContain('第二行')
    expect(await desk.page.evaluate('changes')).toBe(0)
    await box.fill('')
    await desk.context.close()
  })
  /** Some pages back, as who looks for something said before. */
  async function pagesBack(desk: OpenDesk): Promise<void> {
    await desk.thread.focus()
    for (let presses = 0; presses < 12; presses++) {
      await desk.page.keyboard.press('Home')
      await until(() => scrollTop(desk)).toBeGreaterThan(100)
    }
  }

  it('reads well narrow and in the dark, with nothing serious for axe', async () => {
    const desk = await opened(middle, { viewport: { width: 360, height: 640 }, colorScheme: 'dark' })
    await desk.thread.focus()
    await desk.page.keyboard.press('Home')
    await desk.button('回到最新').waitFor()
    expect(await seriousViolations(desk.page)).toEqual([])
    const wide = await desk.page.evaluate(
      `document.documentElement.scrollWidth > 360 || document.querySelector('[role=log]').scrollWidth > 360`,
    )
    expect(wide).toBe(false)
    await desk.context.close()
  })
})
