import { describe, expect } from 'vitest'
import { deskTest as it } from './browser-fixture.js'
import { mustBeForEverybody } from './desk-for-everybody.js'
import type { DeskStage, OpenDesk } from './desk-stage.js'

async function administer(stage: DeskStage, part: string): Promise<OpenDesk> {
  const desk = await stage.enter('店长', { role: 'admin' })
  await desk.page.getByRole('link', { name: '管理' }).click()
  await desk.page.getByRole('link', { name: part, exact: true }).click()
  await desk.page.getByRole('heading', { level: 1, name: part }).waitFor()
  return desk
}

describe('a shop that begins', () => {
  it('takes rules, replies and hours over by one click each, and the rules answer', async ({ stage }) => {
    const desk = await administer(stage, '营业时间')
    const { page } = desk
    await mustBeForEverybody(desk)
    await desk.button('使用这个营业时间').click()
    await page.getByText('周一至周日 09:00-18:00').waitFor()

    await page.getByRole('link', { name: '快捷回复', exact: true }).click()
    await page.getByText('感谢您的咨询').waitFor()
    await mustBeForEverybody(desk)
    await desk.button('使用这些快捷回复').click()
    await page.getByRole('list', { name: '快捷回复' }).getByRole('listitem').nth(7).waitFor()

    await page.getByRole('link', { name: '规则', exact: true }).click()
    await page.getByText('客户进入会话 →').waitFor()
    await mustBeForEverybody(desk)
    await desk.button('使用这几条规则').click()
    const rows = page.getByRole('list', { name: '规则' }).getByRole('listitem')
    await rows.nth(2).getByText('非营业时间').waitFor()
    await desk.button('保存全部规则').click()
    await page.getByText('规则已保存').waitFor()
    const customer = stage.customer()
    await customer.enters()
    expect(await customer.receivesText()).toContain('欢迎光临')
    await customer.sends('我要找人工')
    expect(await customer.receivesText()).toContain('正在为您转接人工客服')
    await page.getByRole('link', { name: '会话' }).click()
    await desk.row(/正在为您转接/).click()
    await page.getByText('按规则转人工').waitFor()
    expect(desk.trouble).toEqual([])
  })

  it('is told at the field what is wrong with a rule, in its own language', async ({ stage }) => {
    const desk = await administer(stage, '规则')
    const { page } = desk
    await desk.button('添加规则').click()
    const form = page.getByRole('dialog')
    await form.getByLabel('规则名称').fill('开场')
    await form.getByLabel('消息内容', { exact: true }).fill('[')
    await form.getByLabel('消息内容：比较方式').selectOption('matches')
    await form.getByLabel('事件', { exact: true }).selectOption({ label: '其他事件…' })
    await form.getByLabel('事件名称').fill('user_entr')
    await form.getByText('微信的文档里没有名为 user_entr 的事件').waitFor()
    await form.getByRole('button', { name: '确定' }).click()
    // The browser asks for the tick, and nothing is taken.
    expect(await form.getByLabel('名称没有写错，就用它').and(page.locator(':invalid')).count()).toBe(1)
    await form.getByLabel('事件', { exact: true }).selectOption({ label: '客户进入会话' })
    await form.getByLabel('动作 1', { exact: true }).selectOption({ label: '转人工' })
    await form.getByRole('button', { name: '确定' }).click()
    await form.getByText('这条规则还不能用').waitFor()
    const said = await form.locator('.field .problem').allTextContents()
    expect(said.length).toBeGreaterThan(0)
    for (const line of said) expect(line).not.toMatch(/rules\[|must|when\./)
    expect(await page.evaluate(`document.activeElement.getAttribute('aria-invalid')`)).toBe('true')
    await mustBeForEverybody(desk)
    await form.getByLabel('消息内容', { exact: true }).fill('')
    await form.getByRole('button', { name: '确定' }).click()
    await form.waitFor({ state: 'hidden' })
    await desk.button('保存全部规则').click()
    await page.getByText('规则已保存').waitFor()
    expect(desk.trouble).toEqual([])
  })
})
