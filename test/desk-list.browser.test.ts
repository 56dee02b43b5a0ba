import { describe, expect } from 'vitest'
import { conversationView } from '../src/desk/schemas/conversation-view.js'
import { listOf } from '../src/http/schemas/list.js'
import { deskTest as it } from './browser-fixture.js'
import { patience, type DeskStage } from './desk-stage.js'
import type { ApiClient } from './support/api-client.js'

const patient = { timeout: patience }

describe('the desk’s list, with more conversations than one page', () => {
  /** So many customers who wait, the first of them longest; their ids in that order. */
  async function crowd(stage: DeskStage, api: ApiClient, count: number): Promise<number[]> {
    for (let i = 0; i < count; i++)
      await stage.customer(`oCustomer${String(i).padStart(4, '0')}`).sends(`第${i}位`)
    let found: { id: number; openId: string }[] = []
    await expect
      .poll(async () => {
        const query = { app: stage.appId, status: 'waiting', limit: 200, sort: 'waiting' }
        found = (await api.get(listOf(conversationView), 'GET /conversations', { query })).items
        return found.length
      }, patient)
      .toBe(count)
    return found.sort((a, b) => a.openId.localeCompare(b.openId)).map(({ id }) => id)
  }

  it('filters all of them and not only the rows it has, and follows what changes', async ({ stage, api }) => {
    const [first = 0, second = 0, ...others] = await crowd(stage, api, 70)
    const last = others.at(-1) ?? 0
    const tag = (id: number, tags: string[]) =>
      api.ok('PUT /conversations/:id/tags', { params: { id }, body: { tags } })
    await tag(first, ['售后'])
    const desk = await stage.enter('小满')
    const { page, list } = desk
    await desk.row(/第0位/).waitFor()
    const filter = async (act: () => Promise<unknown>): Promise<void> => {
      await page.getByRole('button', { name: /^筛选/ }).click()
      await act()
      await page.keyboard.press('Escape')
    }
    const shown = async (): Promise<string[]> =>
      (await list.getByRole('option').allInnerTexts()).map((text) => /第\d+位/.exec(text)?.[0] ?? '')

    // Of all of them, whichever rows the page had.
    await filter(() => page.getByLabel('标签').selectOption('售后'))
    await expect.poll(shown, patient).toEqual(['第0位'])
    // A second one gets the tag, then the first one loses it; counts are of all, filtered or not.
    await tag(second, ['售后', 'vip'])
    await expect.poll(shown, patient).toEqual(['第0位', '第1位'])
    await tag(first, [])
    await expect.poll(shown, patient).toEqual(['第1位'])
    await desk.tab('待接入 70').waitFor()

    await filter(() => page.getByRole('button', { name: '清除筛选' }).click())
    await desk.row(/第3位/).waitFor()
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

  it('has who waits longest first where they wait, and keeps the order that each tab was given', async ({
    stage,
    api,
  }) => {
    await crowd(stage, api, 60)
    const desk = await stage.enter('小满')
    const { page } = desk
    const firstRow = async (): Promise<string> => desk.list.getByRole('option').first().innerText()
    const order = page.getByRole('button', { name: /^排序/ })
    await expect.poll(firstRow, patient).toContain('第0位')
    expect(await order.getAttribute('aria-label')).toBe('排序：等待最久')
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
    await desk.tab('全部').click()
    await expect.poll(firstRow, patient).toContain('刚来')
    expect(await order.getAttribute('aria-label')).toBe('排序：最近消息')

    // By keys alone, each for itself, also after the page was opened anew.
    await desk.tab('待接入').click()
    await order.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('menuitemradio', { name: '最近消息' }).waitFor()
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    await expect.poll(firstRow, patient).toContain('刚来')
    await desk.tab('全部').click()
    await order.click()
    await page.getByRole('menuitemradio', { name: '等待最久' }).click()
    await expect.poll(firstRow, patient).toContain('第0位')
    await page.reload()
    await expect.poll(firstRow, patient).toContain('刚来')
    await desk.tab('全部').click()
    await expect.poll(firstRow, patient).toContain('第0位')
    expect(desk.trouble).toEqual([])
  })

  it('groups where customers came from by its fields, and filters by one of them', async ({ stage }) => {
    for (let number = 1; number <= 14; number++) {
      const customer = stage.customer(`oSource${String(number).padStart(4, '0')}`)
      await customer.enters({
        sessionFrom: `page=${number % 2 === 0 ? 'goods' : 'order'}&order=${3000 + number}`,
      })
      await customer.sends('在吗')
    }
    await stage.customer('oPlain0000').sends('直接来的')
    const desk = await stage.enter('小满')
    const { page } = desk
    await desk.tab('待接入 15').waitFor()
    await page.reload()
    await desk.list.getByRole('option').first().waitFor()
    await page.getByRole('button', { name: /^筛选/ }).click()
    const source = page.getByLabel('来源')
    await source.locator('option', { hasText: 'order：全部 14 种' }).waitFor({ state: 'attached' })
    const offered = await page.evaluate<string[]>(`[...document.querySelectorAll('select optgroup')].map(
      (group) => group.label + ': ' + [...group.children].map((one) => one.textContent.trim()).join(' '))`)
    expect(offered.toSorted()).toEqual([
      'order: order：全部 14 种',
      expect.stringMatching(/^page: page：全部 2 种 (goods order|order goods)$/),
    ])
    const rows = (): Promise<number> => desk.list.getByRole('option').count()
    await source.selectOption({ label: 'order：全部 14 种' })
    await expect.poll(rows, patient).toBe(14)
    await page.getByText('来源 · order').waitFor()
    await source.selectOption({ label: 'goods' })
    await expect.poll(rows, patient).toBe(7)
    await page.getByText('来源 · page').waitFor()
    await page.getByRole('button', { name: '清除筛选' }).click()
    await expect.poll(rows, patient).toBe(15)
    expect(desk.trouble).toEqual([])
  })

  it('shows a wait as long from when an admin says so, also on a page that is open', async ({
    stage,
    api,
  }) => {
    await crowd(stage, api, 1)
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

  it('shows times in the workspace’s zone and not the browser’s, also when it is changed under an open page', async ({
    stage,
    api,
  }) => {
    await crowd(stage, api, 1)
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
