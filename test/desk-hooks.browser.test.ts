import { describe, expect, onTestFinished } from 'vitest'
import { deskTest as it, until } from './browser-fixture.js'
import { mustBeForEverybody } from './desk-for-everybody.js'
import { signIn, type DeskStage, type OpenDesk } from './desk-stage.js'
import { addAgent, signIn as signInByApi } from './support/desk-agent.js'
import { startHookReceiver } from './support/hook-receiver.js'

describe('webhooks and agents at the desk', () => {
  async function administer(stage: DeskStage, part: string): Promise<OpenDesk> {
    const desk = await stage.enter('店长', { role: 'admin' })
    await desk.page.goto(`${stage.service.url}/#/admin/${part}`)
    await desk.page.getByRole('heading', { level: 1 }).waitFor()
    return desk
  }

  it('an address is told of chosen events, gets a new secret, and all that was given up again', async ({
    stage,
  }) => {
    const receiver = await startHookReceiver()
    onTestFinished(() => receiver.close())
    const { received } = receiver
    const desk = await administer(stage, 'hooks')
    const { page } = desk
    await desk.button('添加推送地址').click()
    const form = page.getByRole('dialog', { name: '添加推送地址' })
    await form.getByLabel('推送地址').fill(receiver.url)
    await form.getByLabel('说明').fill('订单系统')
    await form.getByLabel('指定事件').check()
    expect(await form.getByRole('button', { name: '添加' }).isDisabled()).toBe(true)
    await form.getByLabel('机器人转人工').check()
    await mustBeForEverybody(desk)
    await form.getByRole('button', { name: '添加' }).click()
    const once = page.getByRole('dialog', { name: '签名密钥' })
    const first = await once.getByLabel('密钥', { exact: true }).inputValue()
    await once.getByRole('button', { name: '我已保存' }).click()
    await page.getByText('1 种事件').waitFor()
    await stage.customer().sends('在吗')
    await until(() => received.map(({ type }) => type)).toEqual(['conversation.handoff'])

    await desk.button('编辑订单系统').click()
    const change = page.getByRole('dialog', { name: '编辑订单系统' })
    expect(await change.getByLabel('机器人转人工').isChecked()).toBe(true)
    await change.getByLabel('全部（含以后新增的）').check()
    await change.getByRole('button', { name: '保存' }).click()
    await page.getByText('全部（含以后新增的）').waitFor()

    await desk.button('更换密钥：订单系统').click()
    const sure = page.getByRole('dialog', { name: '更换密钥：订单系统' })
    await sure.getByRole('button', { name: '更换密钥', exact: true }).click()
    expect(await once.getByLabel('密钥', { exact: true }).inputValue()).not.toBe(first)
    await once.getByRole('button', { name: '我已保存' }).click()
    await page.getByText(/旧密钥在 .* 前同时有效/).waitFor()
    await stage.customer().sends('还在吗')
    await until(() => received.at(-1)?.type).toBe('message.received')
    // Signed with both.
    expect(String(received.at(-1)?.headers['webhook-signature']).split(' ')).toHaveLength(2)

    // 410 gives it up at once; enabled again, what was given up goes out when somebody says so.
    receiver.answer = (_received, res) => res.writeHead(410).end()
    await stage.customer().sends('有人吗')
    await until(async () => {
      await page.reload()
      await desk.button('推送记录：订单系统').waitFor()
      return page.getByText('1 条已放弃').count()
    }).toBe(1)
    receiver.answer = (_received, res) => res.writeHead(204).end()
    await desk.button('启用 订单系统').click()
    await desk.button('停用 订单系统').waitFor()
    const before = received.length
    await desk.button('推送记录：订单系统').click()
    const deliveries = page.getByRole('dialog', { name: '推送记录：订单系统' })
    await deliveries.getByLabel('查看').selectOption({ label: '已放弃' })
    await deliveries.getByText('对方返回 410').waitFor()
    await mustBeForEverybody(desk)
    await deliveries.getByRole('button', { name: '重新推送全部已放弃的' }).click()
    await until(() => received.length).toBe(before + 1)
    await deliveries.getByRole('button', { name: '关闭' }).click()
    await until(() => page.getByText('1 条已放弃').count()).toBe(0)
    expect(desk.trouble).toEqual([])
  })

  it('an agent is removed: signed out, what they had waits, what they wrote keeps their name', async ({
    stage,
  }) => {
    const desk = await administer(stage, 'agents')
    const { page } = desk
    const [boss, gone] = [stage.nameOf('店长'), stage.nameOf('小满')]
    await stage.customer().sends('在吗')
    const colleague = await stage.enter('小满')
    await colleague.tab('待接入').click()
    await colleague.row(/在吗/).click()
    await colleague.button('接入').click()
    await colleague.reply.fill('您好，我是小满')
    await colleague.reply.press('Enter')
    await colleague.page.getByText('微信已接收').waitFor()

    await page.reload()
    await desk.button(`移除 ${gone}`).waitFor()
    expect(await desk.button(`移除 ${boss}`).count()).toBe(0)
    await mustBeForEverybody(desk)
    await desk.button(`移除 ${gone}`).click()
    const sure = page.getByRole('dialog', { name: `移除 ${gone}` })
    await sure.getByRole('button', { name: '移除', exact: true }).click()
    await page.getByText(`已移除 ${gone}`).waitFor()
    await until(() => desk.button(`移除 ${gone}`).count()).toBe(0)
    await colleague.page.getByLabel('用户名').waitFor()
    await signIn(colleague.page, gone)
    await colleague.page.getByRole('alert').waitFor()

    await page.getByRole('link', { name: '会话' }).click()
    await desk.tab('待接入').click()
    await desk.row(/小满|在吗/).click()
    await desk.thread.getByText('您好，我是小满').waitFor()
    await desk.thread.getByText(gone, { exact: true }).first().waitFor()
    expect(desk.trouble).toEqual([])
  })

  it('nobody removes themselves, nor the last admin', async ({ ownService }) => {
    // It is the last admin of all.
    const { service } = await ownService()
    await addAgent(service, '店长', 'admin')
    const admin = await signInByApi(service.url, '店长')
    const answer = await admin.api.call('DELETE /agents/:id', { params: { id: admin.id } })
    expect(answer).toMatchObject({ status: 409, error: { code: 'conflict' } })
    await admin.api.ok('GET /session')
  })
})
