import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { buildPage, describeInBrowser, launchBrowser } from './browser.js'
import { patience, startDeskStage, type DeskStage } from './desk-stage.js'
import { ApiClient } from './support/api-client.js'
import { conversationView } from '../src/desk/schemas/conversation-view.js'
import { listOf } from '../src/desk/schemas/list.js'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const key = 'a-key-of-the-list-test-0123456789'
const patient = { timeout: patience }

describeInBrowser('the desk’s list, with more conversations than one page', () => {
  let browser: Browser
  let stage: DeskStage
  let api: ApiClient

  beforeAll(async () => {
    await buildPage('desk')
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())
  afterEach(() => stage.close())

  /** So many customers who wait, the first of them longest; their ids in that order. */
  async function crowd(count: number): Promise<number[]> {
    stage = await startDeskStage(browser, { KEFU_API_KEY: key })
    api = new ApiClient(stage.service.url, key)
    for (let i = 0; i < count; i++)
      await stage.customer(`oCustomer${String(i).padStart(4, '0')}`).sends(`第${i}位`)
    let found: { id: number; openId: string }[] = []
    await expect
      .poll(async () => {
        const query = { status: 'waiting', limit: 200, sort: 'waiting' }
        found = (await api.get(listOf(conversationView), 'GET /conversations', { query })).items
        return found.length
      }, patient)
      .toBe(count)
    return found.sort((a, b) => a.openId.localeCompare(b.openId)).map(({ id }) => id)
  }

  it('filters all of them and not only the rows it has, and follows what changes', async () => {
    const [first = 0, second = 0, ...others] = await crowd(70)
    const last = others.at(-1) ?? 0
    const tag = (id: number, tags: string[]) =>
      api.ok('PUT /conversations/:id/tags', { params: { id }, body: { tags } })
    await tag(first, ['售后'])
    const desk = await stage.enter('小满')
    const { page, list } = desk
    await desk.row(/第69位/).waitFor()
    const filter = async (act: () => Promise<unknown>): Promise<void> => {
      await page.getByRole('button', { name: /^筛选/ }).click()
      await act()
      await page.keyboard.press('Escape')
    }
    const shown = async (): Promise<string[]> =>
      (await list.getByRole('option').allInnerTexts()).map((text) => /第\d+位/.exec(text)?.[0] ?? '')

    // The oldest, which is on no page that was read.
    await filter(() => page.getByLabel('标签').selectOption('售后'))
    await expect.poll(shown, patient).toEqual(['第0位'])
    // A second one gets the tag, then the first one loses it; counts are of all, filtered or not.
    await tag(second, ['售后', 'vip'])
    await expect.poll(shown, patient).toEqual(['第1位', '第0位'])
    await tag(first, [])
    await expect.poll(shown, patient).toEqual(['第1位'])
    await desk.tab('待接入 70').waitFor()

    await filter(() => page.getByRole('button', { name: '清除筛选' }).click())
    await desk.row(/第69位/).waitFor()
    await filter(() => page.getByLabel('发送失败').check())
    await page.getByText(/筛选/).first().waitFor()
    await expect.poll(shown, patient).toEqual([])
    stage.emulator.faults.add({ errcode: 40003, path: '/cgi-bin/message/custom/send' })
    await api.ok('POST /conversations/:id/messages', {
      params: { id: last },
      body: { clientId: 'c-1', message: { msgType: 'text', content: '您好' } },
    })
    await expect.poll(() => list.getByRole('option').count(), patient).toBe(1)
    await filter(() => page.getByRole('button', { name: '清除筛选' }).click())

    // By where they came from: known to the service, whichever rows the page has.
    await stage.customer('oCustomer0002').enters({ sessionFrom: '{"page":"商品详情页"}' })
    await expect
      .poll(async () => {
        await page.reload()
        await desk.list.getByRole('option').first().waitFor()
        await page.getByRole('button', { name: /^筛选/ }).click()
        return page.getByLabel('来源').getByRole('option', { name: '商品详情页' }).count()
      }, patient)
      .toBe(1)
    await page.getByLabel('来源').selectOption({ label: '商品详情页' })
    await expect.poll(async () => (await list.getByRole('option').allInnerTexts()).length, patient).toBe(1)
    await desk.row(/0002/).waitFor()
    expect(desk.trouble).toEqual([])
  })

  it('has who waits longest first, whichever rows the page had before', async () => {
    await crowd(60)
    const desk = await stage.enter('小满')
    await desk.row(/第59位/).waitFor()
    await desk.page.getByRole('button', { name: /^排序/ }).click()
    await desk.page.getByRole('menuitemradio', { name: '等待最久' }).click()
    await expect
      .poll(async () => (await desk.list.getByRole('option').first().innerText()).includes('第0位'), patient)
      .toBe(true)
    // A newcomer waits at the end.
    await stage.customer('oNewcomer0000').sends('刚来')
    await desk.tab('待接入 61').waitFor()
    await expect
      .poll(async () => {
        // Each time to the end of what was read by then.
        await desk.list.press('End')
        return desk.row(/刚来/).count()
      }, patient)
      .toBe(1)
    expect(desk.trouble).toEqual([])
  })

  it('shows a wait as long from when an admin says so, also on a page that is open', async () => {
    await crowd(1)
    await api.ok('PUT /settings', { body: { waitWarnSeconds: 0, waitAlertSeconds: 86_400 } })
    const desk = await stage.enter('小满')
    await desk.list.locator('.wait.warned').waitFor()
    await desk.page.clock.install()
    await desk.page.reload()
    await desk.list.locator('.wait.warned').waitFor()
    await api.ok('PUT /settings', { body: { waitAlertSeconds: 0 } })
    await desk.page.clock.runFor(61_000)
    await desk.list.locator('.wait.bad').waitFor()
  })

  it('shows times in the workspace’s zone and not the browser’s, also when it is changed under an open page', async () => {
    await crowd(1)
    await api.ok('PUT /settings', { body: { zone: 'Asia/Kathmandu' } })
    const desk = await stage.enter('小满', { timezoneId: 'America/New_York' })
    const { page } = desk
    await page.clock.install()
    await page.reload()
    await desk.row(/第0位/).click()
    const shown = async (): Promise<(string | null)[]> => {
      const times = await page.locator('.time[title], [role=log] time[title]').all()
      return Promise.all(times.map((time) => time.getAttribute('title')))
    }
    const agree = (pattern: RegExp) =>
      expect
        .poll(async () => {
          const titles = await shown()
          return titles.length > 1 && titles.every((title) => pattern.test(title ?? ''))
        }, patient)
        .toBe(true)
    await agree(/T\d\d:\d\d:\d\d\+05:45 \(Asia\/Kathmandu\)$/)
    const time = desk.list.locator('time')
    const clockOf = (title: string | null): string => title?.slice(11, 16) ?? ''
    expect(await time.innerText()).toContain(clockOf(await time.getAttribute('title')))
    // Where both are one, there is nothing to name.
    await api.ok('PUT /settings', { body: { zone: 'America/New_York' } })
    await page.clock.runFor(61_000)
    await agree(/T\d\d:\d\d:\d\d-0[45]:00$/)
    expect(await time.innerText()).toContain(clockOf(await time.getAttribute('title')))
    expect(desk.trouble).toEqual([])
  })
})
