import { describe, expect } from 'vitest'
import { deskTest as it, said, taken, until } from './browser-fixture.js'
import type { OpenDesk } from './desk-stage.js'
import { keptRows } from './support/kept-rows.js'

const idOf = (desk: OpenDesk): number => Number(new URL(desk.page.url()).hash.split('/').at(-1))
const notice = (desk: OpenDesk, words: string | RegExp) =>
  desk.page.getByRole('status').filter({ hasText: words })

/** The browser as a page of before the upgrade left it, with its session; that page is loaded next. */
async function leaveAsBefore(desk: OpenDesk, text: string): Promise<void> {
  await desk.page.evaluate(
    `localStorage.removeItem('kefu.desk.sealed')
     localStorage.setItem('kefu.desk.draft.${idOf(desk)}', ${JSON.stringify(JSON.stringify({ reply: text, note: '' }))})`,
  )
}
const leftOf = (desk: OpenDesk): Promise<string | null> =>
  desk.page.evaluate(`localStorage.getItem('kefu.desk.draft.${idOf(desk)}')`)

describe('what a page of before the upgrade left', () => {
  it('is offered once in the session that was there before, and no longer lies there readably', async ({
    stage,
  }) => {
    const desk = await taken(stage)
    await leaveAsBefore(desk, '升级前写的')
    await desk.page.reload()
    const offer = notice(desk, '升级前的回复')
    await offer.getByText('升级前写的').waitFor()
    await until(() => leftOf(desk)).toBeNull()
    expect(await desk.reply.inputValue()).toBe('')
    // It waits over a reload, for it is sealed now.
    await desk.page.reload()
    const offered = await keptRows(desk.page, 'draft')
    await offer.getByRole('button', { name: '放进输入框' }).click()
    await until(() => desk.reply.inputValue()).toBe('升级前写的')
    await until(async () => {
      const [one, ...others] = await keptRows(desk.page, 'draft')
      return one !== undefined && !offered.includes(one) && others.length === 0
    }).toBe(true)
    await desk.page.reload()
    await until(() => desk.reply.inputValue()).toBe('升级前写的')
    expect(await offer.count()).toBe(0)
    expect(desk.trouble).toEqual([])
  })

  it('is offered all the same when the service could not be asked about it at first', async ({ stage }) => {
    const desk = await taken(stage)
    await leaveAsBefore(desk, '服务不在时留下的')
    const one = `**/conversations/${idOf(desk)}`
    let refused = 0
    await desk.page.route(one, (route) => {
      refused++
      return route.fulfill({ status: 503, json: { error: { code: 'unavailable', message: 'Away.' } } })
    })
    await desk.page.reload()
    await until(() => refused).toBeGreaterThan(0)
    expect(await leftOf(desk)).not.toBeNull()
    // Not in this page, and the next one.
    await desk.page.unroute(one)
    await desk.page.reload()
    await notice(desk, '升级前的回复').getByText('服务不在时留下的').waitFor()
    await until(() => leftOf(desk)).toBeNull()
  })

  it('is removed, and offered to nobody, in a session that began since', async ({ stage }) => {
    const desk = await taken(stage)
    await leaveAsBefore(desk, '不知是谁的')
    await desk.context.clearCookies()
    await desk.page.reload()
    await desk.page.getByLabel('用户名').fill(stage.nameOf('小满'))
    await desk.page.getByLabel('密码').fill('correct horse battery')
    await desk.button('登录').click()
    await until(() => desk.reply.isEditable()).toBe(true)
    await until(() => leftOf(desk)).toBeNull()
    expect(await notice(desk, '升级前').count()).toBe(0)
  })
})

/** From the next page on. */
async function forbid({ page }: OpenDesk): Promise<void> {
  await page.addInitScript(
    `Object.defineProperty(globalThis, 'indexedDB', { get() { throw new DOMException('No.', 'SecurityError') } })`,
  )
}
/** Chromium itself says no, as on a full disk. */
async function fill({ context, page }: OpenDesk): Promise<void> {
  const devtools = await context.newCDPSession(page)
  const { origin } = new URL(page.url())
  await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 })
}

describe('a browser that keeps nothing', () => {
  /** How it comes to that, and what the box says. */
  const ways = [
    ['as it forbids it', forbid, '浏览器不允许保存草稿：刷新或关闭页面会丢失。'],
    ['as it is full', fill, '浏览器存储已满，草稿没有保存：刷新或关闭页面会丢失。'],
  ] as const

  it.for(ways)(
    '%s: the box says so, and nothing is lost while the page is open',
    async ([, make, words], { stage }) => {
      await stage.customer('oAnother0001abcd').sends('另一位客户')
      const desk = await taken(stage)
      await make(desk)
      await desk.page.reload()
      await until(() => desk.reply.isEditable()).toBe(true)
      await desk.reply.fill('只在这一页')
      await notice(desk, words).waitFor()
      // Another conversation is looked at, and the session ends and begins.
      await desk.tab('全部').click()
      await desk.row(/另一位客户/).click()
      await desk.thread.getByText('另一位客户').waitFor()
      await desk.row(/我的杯子/).click()
      await until(() => desk.reply.inputValue()).toBe('只在这一页')
      await desk.context.clearCookies()
      await desk.page.getByLabel('用户名').fill(stage.nameOf('小满'))
      await desk.page.getByLabel('密码').fill('correct horse battery')
      await desk.button('登录').click()
      await until(() => desk.reply.inputValue()).toBe('只在这一页')
      await desk.reply.press('Enter')
      await until(() => said(stage)).toEqual(['只在这一页'])
      await until(() => desk.thread.locator('.pending').count()).toBe(0)
      expect(await desk.reply.inputValue()).toBe('')
      expect(await notice(desk, words).count()).toBe(0)
    },
  )
})
