import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { describe, expect, onTestFinished } from 'vitest'
import { callControl } from '../src/server/control-client.js'
import { deskTest as it, until } from './browser-fixture.js'
import { mustBeForEverybody } from './desk-for-everybody.js'
import type { DeskStage, EnterOptions, OpenDesk } from './desk-stage.js'

const rules = [
  { name: '退货', when: { text: { contains: ['退货'] } }, then: [{ reply: { text: '请提供订单号。' } }] },
  { name: '发票', when: { text: { contains: ['发票'] } }, then: [{ reply: { text: '请提供抬头。' } }] },
  { name: '物流', when: { text: { contains: ['物流'] } }, then: [{ handoff: '查物流' }] },
]

describe('the rules at the desk', () => {
  /** An admin before these rules. */
  async function open(stage: DeskStage, options: EnterOptions = {}): Promise<OpenDesk> {
    await callControl(stage.service.config.dataDir, 'import-rules', { rules })
    return enter(stage, '店长', options)
  }
  async function enter(stage: DeskStage, name: string, options: EnterOptions = {}): Promise<OpenDesk> {
    const desk = await stage.enter(name, { role: 'admin', ...options })
    await desk.page.goto(`${stage.service.url}/#/admin/rules`)
    await rowsOf(desk.page).first().waitFor()
    return desk
  }
  const rowsOf = (page: Page): Locator =>
    page.getByRole('list', { name: '规则', exact: true }).getByRole('listitem')
  const names = (page: Page) =>
    rowsOf(page).evaluateAll((rows: { querySelector(selector: string): { textContent: string } | null }[]) =>
      rows.map((row) => row.querySelector('.admin-name')?.textContent.trim() ?? ''),
    )
  const savedNames = async (desk: OpenDesk): Promise<string[]> => {
    const answer = await desk.page.evaluate<{ rules: { name: string }[] }>(
      `fetch('./api/v1/rules').then((found) => found.json())`,
    )
    return answer.rules.map(({ name }) => name)
  }
  async function middleOf(handle: Locator): Promise<{ x: number; y: number }> {
    const box = await handle.boundingBox()
    if (!box) throw new Error('There is no handle.')
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
  }

  it('are ordered by dragging, by Alt and arrows, and by buttons; each place is said', async ({ stage }) => {
    const desk = await open(stage)
    const { page } = desk
    const handles = page.locator('.handle')
    const from = await middleOf(handles.nth(0))
    const to = await middleOf(handles.nth(2))
    await page.mouse.move(from.x, from.y)
    await page.mouse.down()
    await page.mouse.move(from.x, (from.y + to.y) / 2)
    await page.mouse.move(to.x, to.y + 20)
    await until(() => names(page)).toEqual(['发票', '物流', '退货'])
    await mustBeForEverybody(desk)
    // It looked at the page narrow, too, where another row lies under the pointer.
    await until(() => names(page)).toEqual(['发票', '物流', '退货'])
    await page.mouse.up()
    await page.getByRole('status').filter({ hasText: '退货 现在是第 3 条' }).waitFor()
    await page.getByText('有未保存的修改').waitFor()

    // Escape puts the row back where it was.
    const again = await middleOf(handles.nth(2))
    await page.mouse.move(again.x, again.y)
    await page.mouse.down()
    await page.mouse.move(again.x, (await middleOf(handles.nth(0))).y - 20)
    await until(() => names(page)).toEqual(['退货', '发票', '物流'])
    await page.keyboard.press('Escape')
    await until(() => names(page)).toEqual(['发票', '物流', '退货'])
    await page.mouse.up()

    await desk.button('编辑退货').focus()
    await page.keyboard.press('Alt+ArrowUp')
    await until(() => names(page)).toEqual(['发票', '退货', '物流'])
    await page.getByRole('status').filter({ hasText: '退货 现在是第 2 条' }).waitFor()
    expect(await page.evaluate('document.activeElement.id')).toMatch(/^rule-\d+-edit$/)
    await page.keyboard.press('Alt+ArrowUp')
    await page.keyboard.press('Alt+ArrowUp')
    await until(() => names(page)).toEqual(['退货', '发票', '物流'])
    // As they were at first: nothing is left to save.
    await until(() => page.getByText('有未保存的修改').count()).toBe(0)
    await desk.button('下移 退货').click()
    await desk.button('保存全部规则').click()
    await page.getByText('规则已保存').waitFor()
    expect(await savedNames(desk)).toEqual(['发票', '退货', '物流'])
    expect(desk.trouble).toEqual([])
  })

  it('are ordered by a finger, narrow', async ({ stage }) => {
    const desk = await open(stage, { viewport: { width: 390, height: 844 }, hasTouch: true })
    const { page } = desk
    const handles = page.locator('.handle')
    await handles.first().scrollIntoViewIfNeeded()
    const from = await middleOf(handles.nth(0))
    const to = await middleOf(handles.nth(1))
    const touch = await desk.context.newCDPSession(page)
    const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', y?: number) =>
      touch.send('Input.dispatchTouchEvent', { type, touchPoints: y === undefined ? [] : [{ x: from.x, y }] })
    await send('touchStart', from.y)
    await send('touchMove', (from.y + to.y) / 2)
    await send('touchMove', to.y + 30)
    await until(() => names(page)).toEqual(['发票', '退货', '物流'])
    await send('touchEnd')
    await page.getByRole('status').filter({ hasText: '退货 现在是第 2 条' }).waitFor()
    expect(desk.trouble).toEqual([])
  })

  it('are not lost by leaving the page: it asks, and saves or discards', async ({ stage }) => {
    const desk = await open(stage)
    const { page } = desk
    const leaving = page.getByRole('dialog', { name: '有未保存的修改' })
    await desk.button('下移 退货').click()
    await page.getByRole('link', { name: 'API 密钥' }).click()
    await leaving.waitFor()
    await mustBeForEverybody(desk)
    await leaving.getByRole('button', { name: '留在此页' }).click()
    expect(page.url()).toContain('#/admin/rules')
    expect(await names(page)).toEqual(['发票', '退货', '物流'])

    // The browser asks as well.
    const asked = page.waitForEvent('dialog')
    const closing = page.close({ runBeforeUnload: true })
    const question = await asked
    expect(question.type()).toBe('beforeunload')
    await question.dismiss()
    await closing
    desk.trouble.splice(0)

    await page.getByRole('link', { name: 'API 密钥' }).click()
    await leaving.getByRole('button', { name: '保存并离开' }).click()
    await page.getByRole('heading', { level: 1, name: 'API 密钥' }).waitFor()
    expect(await savedNames(desk)).toEqual(['发票', '退货', '物流'])

    await page.goBack()
    await rowsOf(page).first().waitFor()
    await desk.button('删除物流').click()
    await page.getByRole('link', { name: '会话' }).click()
    await leaving.getByRole('button', { name: '放弃修改并离开' }).click()
    await desk.list.waitFor()
    expect(await savedNames(desk)).toEqual(['发票', '退货', '物流'])
    expect(desk.trouble).toEqual([])
  })

  it('are not saved over somebody else’s: theirs are loaded, or overwritten when that is meant', async ({
    stage,
  }) => {
    const one = await open(stage)
    const two = await enter(stage, '副店长')
    await one.button('删除物流').click()
    await one.button('保存全部规则').click()
    await one.page.getByText('规则已保存').waitFor()

    await two.button('下移 退货').click()
    await two.button('保存全部规则').click()
    const newer = two.page.getByRole('alert', { name: '没有保存：规则已被别人更新' })
    await newer.getByText(new RegExp(`${stage.nameOf('店长')} 在 .* 保存了另一版规则`)).waitFor()
    await newer.getByText('删除：物流').waitFor()
    await mustBeForEverybody(two)
    expect(await savedNames(two)).toEqual(['退货', '发票'])
    await newer.getByRole('button', { name: '载入新规则，放弃我的修改' }).click()
    await until(() => names(two.page)).toEqual(['退货', '发票'])

    await two.button('下移 退货').click()
    await two.button('保存全部规则').click()
    await until(() => savedNames(two)).toEqual(['发票', '退货'])
    await one.button('删除发票').click()
    await one.button('保存全部规则').click()
    const theirs = one.page.getByRole('alert', { name: '没有保存：规则已被别人更新' })
    await theirs.getByText('规则的顺序变了').waitFor()
    await theirs.getByRole('button', { name: '用我的规则覆盖' }).click()
    await one.page.getByRole('dialog').getByRole('button', { name: '覆盖', exact: true }).click()
    await until(() => savedNames(one)).toEqual(['退货'])
    expect(await newer.count()).toBe(0)
    expect([...one.trouble, ...two.trouble]).toEqual([])
  })

  it('have a log of what matched, with a way to the conversation', async ({ ownService }) => {
    // The log is the whole workspace's, and begins empty.
    const stage = await ownService()
    const desk = await open(stage)
    const { page } = desk
    await page.getByText('还没有记录').waitFor()
    const customer = stage.customer()
    await customer.sends('怎么退货')
    await customer.sends('今天天气如何')
    const log = page.getByRole('list', { name: '匹配记录' }).getByRole('listitem')
    await until(() => log.count()).toBe(2)
    expect(await log.nth(0).textContent()).toContain('没有规则匹配')
    expect(await log.nth(1).textContent()).toMatch(/怎么退货.*退货/)
    await page.reload()
    const count = page.getByRole('button', { name: '退货 的匹配记录：24 小时 1 次，7 天 1 次' })
    await count.waitFor()
    await mustBeForEverybody(desk)
    await count.click()
    await until(() => log.count()).toBe(1)
    await page.getByLabel('查看').selectOption({ label: '没有规则匹配' })
    await until(() => log.nth(0).textContent()).toContain('今天天气如何')
    await log.nth(0).getByRole('link').click()
    await desk.thread.getByText('今天天气如何').waitFor()
    expect(desk.trouble).toEqual([])
  })

  it('stand behind handlers in code, where there are any, and the page says so', async ({
    stage,
    ownService,
  }) => {
    const plain = await open(stage)
    expect(await plain.page.getByText('代码里的处理函数').count()).toBe(0)
    for (const { name } of rules) await plain.button(`删除${name}`).click()
    await plain.page.getByText('还没有规则，所有消息都由人工回答').waitFor()

    // Handlers are loaded when the service starts.
    const directory = mkdtempSync(join(tmpdir(), 'kefu-rules-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const module = join(directory, 'bot.mjs')
    writeFileSync(module, `export default (bot) => { bot.on('message', (ctx) => ctx.reply('好')) }`)
    const desk = await open(await ownService({ KEFU_BOT: module }))
    const { page } = desk
    await page.getByText('它们没有回答的才按这些规则匹配').waitFor()
    await page.getByText('这里不试它们').waitFor()
    await mustBeForEverybody(desk)
    for (const { name } of rules) await desk.button(`删除${name}`).click()
    await page.getByText('它们没有回答的由人工回答').waitFor()
    expect(await page.getByText('所有消息都由人工回答').count()).toBe(0)
    expect(desk.trouble).toEqual([])
  })

  it('say which of them can never answer', async ({ stage }) => {
    const desk = await open(stage)
    const { page } = desk
    await desk.button('添加规则').click()
    const form = page.getByRole('dialog')
    await form.getByLabel('规则名称').fill('兜底')
    await form.getByLabel('回复内容').fill('您好')
    await form.getByRole('button', { name: '确定' }).click()
    await rowsOf(page).nth(3).getByText('所有消息').waitFor()
    for (let place = 3; place > 1; place--) await desk.button('上移 兜底').click()
    await rowsOf(page).nth(2).getByText('不会用到：排在前面的「兜底」').waitFor()
    await rowsOf(page).nth(3).getByText('不会用到').waitFor()
    expect(await rowsOf(page).nth(0).getByText('不会用到').count()).toBe(0)
    await page.getByRole('switch', { name: '启用 兜底' }).uncheck()
    await until(() => page.getByText('不会用到').count()).toBe(0)
    expect(desk.trouble).toEqual([])
  })

  it('use business hours by their name, which have a page of their own', async ({ stage }) => {
    const desk = await open(stage)
    const { page } = desk
    const days = ['周一', '周二', '周三', '周四', '周五', '周六', '周日']
    await page.goto(`${stage.service.url}/#/admin/hours`)
    await page.getByText('还没有营业时间').waitFor()
    await desk.button('添加营业时间').click()
    const form = page.getByRole('dialog', { name: '添加营业时间' })
    await form.getByLabel('名称').fill('客服时间')
    for (const day of days) await form.getByLabel(day).fill('00：00－24：00')
    await form.getByLabel('周日').fill('0:00-25:00')
    await form.getByRole('button', { name: '添加日期' }).click()
    await form.getByLabel('日期 1', { exact: true }).fill('2020-10-01')
    await mustBeForEverybody(desk)
    await form.getByRole('button', { name: '保存' }).click()
    await form.getByRole('alert').filter({ hasText: '周日的时间写得不对' }).waitFor()
    await form.getByLabel('周日').fill('00:00-24:00')
    await form.getByRole('button', { name: '保存' }).click()
    await page.getByText('两个月内一直营业').waitFor()
    await page.getByText('周一至周日 00:00-24:00').waitFor()
    await page.getByText('1 个特殊日期').waitFor()
    await mustBeForEverybody(desk)

    await page.getByRole('link', { name: '规则', exact: true }).click()
    await desk.button('添加规则').click()
    const rule = page.getByRole('dialog', { name: '添加规则' })
    await rule.getByLabel('规则名称').fill('下班')
    await rule.getByLabel('时间段：比较方式').selectOption({ label: '休息中（按名称）' })
    await rule.getByLabel('哪个营业时间').selectOption({ label: '客服时间' })
    await rule.getByLabel('回复内容').fill('客服已下班')
    await mustBeForEverybody(desk)
    await rule.getByRole('button', { name: '确定' }).click()
    await rowsOf(page).nth(3).getByText('休息中 客服时间').waitFor()
    await desk.button('保存全部规则').click()
    await page.getByText('规则已保存').waitFor()
    await desk.button('编辑下班').click()
    expect(await page.getByRole('dialog').getByLabel('哪个营业时间').inputValue()).toBe('客服时间')
    await page.getByRole('dialog').getByRole('button', { name: '取消' }).click()

    // Closed all week, the rule answers; and while it is used, the hours can't be removed.
    await page.getByRole('link', { name: '营业时间' }).click()
    await desk.button('编辑客服时间').click()
    const change = page.getByRole('dialog', { name: '编辑客服时间' })
    for (const day of days) await change.getByLabel(day).fill('')
    await change.getByRole('button', { name: '保存' }).click()
    await page.getByText('两个月内没有营业时间').waitFor()
    const customer = stage.customer()
    await customer.sends('在吗')
    expect(await customer.receives()).toMatchObject({ content: { content: '客服已下班' } })
    await desk.button('删除客服时间').click()
    const sure = page.getByRole('dialog', { name: '删除客服时间' })
    await sure.getByRole('button', { name: '删除', exact: true }).click()
    await sure.getByRole('alert').filter({ hasText: '客服时间' }).waitFor()
    expect(desk.trouble).toEqual([])
  })
})
