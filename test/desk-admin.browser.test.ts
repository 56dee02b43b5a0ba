import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { deskTest as it, until } from './browser-fixture.js'
import { mustBeForEverybody } from './desk-for-everybody.js'
import { patience, signIn, type DeskStage, type EnterOptions, type OpenDesk } from './desk-stage.js'
import { startHookReceiver } from './support/hook-receiver.js'

/** A password that an admin gave opens only the page on which it is changed. */
async function chooseOwnPassword(page: Page, password: string): Promise<void> {
  await page.getByLabel('新密码').fill(password)
  await page.getByLabel('再输一次密码').fill(password)
  await page.getByRole('button', { name: '修改并进入' }).click()
}

describe('administration at the desk', () => {
  /** An admin who has opened a part of administration from the rail. */
  async function administer(stage: DeskStage, part: string, options: EnterOptions = {}): Promise<OpenDesk> {
    const desk = await stage.enter('店长', { role: 'admin', ...options })
    await desk.page.getByRole('link', { name: '管理' }).click()
    await desk.page.getByRole('link', { name: part, exact: true }).click()
    await desk.page.getByRole('heading', { level: 1, name: part }).waitFor()
    return desk
  }

  it('is for admins only', async ({ stage }) => {
    const desk = await stage.enter('小满')
    expect(await desk.page.getByRole('link', { name: '管理' }).count()).toBe(0)
    await desk.page.goto(`${stage.service.url}/#/admin/agents`)
    await until(() => desk.page.url()).toContain('#/conversations')
  })

  it('adds agents with a password that is shown once, resets it, and shuts one out', async ({ stage }) => {
    const desk = await administer(stage, '客服')
    const { page } = desk
    const lisi = stage.nameOf('李四')
    await desk.button('添加客服').click()
    const form = page.getByRole('dialog', { name: '添加客服' })
    await form.getByLabel('用户名').fill(lisi)
    await form.getByLabel('指定小程序').check()
    expect(await form.getByRole('button', { name: '保存' }).isDisabled()).toBe(true)
    await form.getByRole('checkbox').first().check()
    await mustBeForEverybody(desk)
    await form.getByRole('button', { name: '保存' }).click()
    const once = page.getByRole('dialog', { name: `${lisi} 的一次性密码` })
    const password = await once.getByLabel('密码', { exact: true }).inputValue()
    await once.getByRole('button', { name: '复制密码' }).click()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(password)
    await once.getByRole('button', { name: '我已保存' }).click()

    const colleague = await stage.open()
    await signIn(colleague.page, lisi, password)
    await chooseOwnPassword(colleague.page, 'blue mug on the table')
    await colleague.list.waitFor()

    // The same name again is refused, with what to do about it.
    await desk.button('添加客服').click()
    await form.getByLabel('用户名').fill(lisi)
    await form.getByRole('button', { name: '保存' }).click()
    await form.getByRole('alert').filter({ hasText: '已有同名的客服' }).waitFor()
    await form.getByRole('button', { name: '取消' }).click()

    await desk.button(`重置密码：${lisi}`).click()
    await page.getByRole('dialog').getByRole('button', { name: '重置密码' }).click()
    const second = await once.getByLabel('密码', { exact: true }).inputValue()
    expect(second).not.toBe(password)
    await once.getByRole('button', { name: '我已保存' }).click()
    await signIn(colleague.page, lisi, second)
    await chooseOwnPassword(colleague.page, 'green mug on the shelf')
    await colleague.list.waitFor()

    await desk.button(`停用 ${lisi}`).click()
    await page.getByRole('dialog').getByRole('button', { name: '停用', exact: true }).click()
    await desk.button(`启用 ${lisi}`).waitFor()
    await colleague.page.getByLabel('用户名').waitFor()
    await mustBeForEverybody(desk)
    await desk.button(`启用 ${lisi}`).click()
    await desk.button(`停用 ${lisi}`).waitFor()
  })

  it('keeps canned replies, which the composer then offers', async ({ stage }) => {
    const desk = await administer(stage, '快捷回复')
    const { page } = desk
    await page.getByText('还没有快捷回复').waitFor()
    await desk.button('添加快捷回复').click()
    const form = page.getByRole('dialog')
    await form.getByLabel('标题').fill('退款时效')
    await form.getByLabel('内容').fill('您好，')
    await form.getByRole('button', { name: '插入变量 {{contact.name}}' }).click()
    expect(await form.getByLabel('内容').inputValue()).toBe('您好，{{contact.name}}')
    await form.getByLabel('快捷词').fill('tk')
    await mustBeForEverybody(desk)
    await form.getByLabel('内容').fill('您好，{{nobody}}')
    await form.getByRole('button', { name: '保存' }).click()
    await form.getByRole('alert').filter({ hasText: '不认识的变量' }).waitFor()
    await form.getByLabel('内容').fill('退款 3 天内到账。')
    await form.getByRole('button', { name: '保存' }).click()
    await page.getByText('退款 3 天内到账。').waitFor()

    await desk.button('编辑退款时效').click()
    await form.getByLabel('内容').fill('退款 5 天内到账。')
    await form.getByRole('button', { name: '保存' }).click()
    await page.getByText('退款 5 天内到账。').waitFor()
    await mustBeForEverybody(desk)

    await stage.customer().sends('多久退款')
    await page.getByRole('link', { name: '会话' }).click()
    await desk.row(/多久退款/).click()
    await desk.button('接入').click()
    await desk.reply.fill('/tk')
    await page.getByRole('option', { name: /退款时效/ }).waitFor()

    await page.goto(`${stage.service.url}/#/admin/canned`)
    await desk.button('删除退款时效').click()
    await page.getByRole('dialog').getByRole('button', { name: '删除', exact: true }).click()
    await page.getByText('还没有快捷回复').waitFor()
    expect(desk.trouble).toEqual([])
  })

  it('connects a Mini Program with secrets made in the page, and checks itself', async ({ ownService }) => {
    // One Mini Program is the environment's.
    const stage = await ownService()
    const desk = await administer(stage, '小程序')
    const { page } = desk
    await page.getByText('只能在那里修改').waitFor()
    await desk.button('接入小程序').click()
    const form = page.getByRole('dialog', { name: '接入小程序' })
    const token = await form.getByLabel('Token（令牌）', { exact: true }).inputValue()
    const key = await form.getByLabel('EncodingAESKey（消息加密密钥）', { exact: true }).inputValue()
    expect(token).toMatch(/^[A-Za-z0-9]{32}$/)
    expect(key).toMatch(/^[A-Za-z0-9]{43}$/)
    expect(Buffer.from(`${key}=`, 'base64').toString('base64')).toBe(`${key}=`)
    await form.getByRole('button', { name: '重新生成 Token' }).click()
    expect(await form.getByLabel('Token（令牌）', { exact: true }).inputValue()).not.toBe(token)
    await mustBeForEverybody(desk)
    await form.getByLabel('AppID（小程序 ID）').fill('gh_0123456789ab')
    await form.getByLabel('名称').fill('云朵杂货店')
    await form.getByLabel('AppSecret（小程序密钥）', { exact: true }).fill('0123456789abcdef0123456789abcdef')
    await form.getByRole('button', { name: '保存' }).click()
    await form.getByRole('alert').filter({ hasText: 'AppID 以 wx 开头' }).waitFor()
    await form.getByLabel('AppID（小程序 ID）').fill('wx00000000000000aa')
    await form.getByRole('button', { name: '保存' }).click()
    const paste = page.getByRole('dialog', { name: '粘贴到微信后台' })
    expect(await paste.getByLabel('消息推送 URL', { exact: true }).inputValue()).toContain(
      'wx00000000000000aa',
    )
    expect(await paste.getByLabel('EncodingAESKey（消息加密密钥）', { exact: true }).inputValue()).toBe(key)
    await mustBeForEverybody(desk)
    await paste.getByRole('button', { name: '我已保存' }).click()

    // Secrets are written and never read.
    await desk.button('编辑云朵杂货店').click()
    const change = page.getByRole('dialog', { name: '编辑云朵杂货店' })
    for (const label of ['AppSecret（小程序密钥）', 'Token（令牌）', 'EncodingAESKey（消息加密密钥）'])
      expect(await change.getByLabel(label, { exact: true }).inputValue()).toBe('')
    await change.getByLabel('名称').fill('云朵商店')
    await change.getByRole('button', { name: '保存' }).click()
    await desk.button('编辑云朵商店').waitFor()

    await desk.button('运行自检').click()
    await page.getByText(/没有发现会影响使用的问题|发现问题/).waitFor({ timeout: 60_000 })
    expect(await page.getByText(/怎么办：/).count()).toBeGreaterThan(0)
    await mustBeForEverybody(desk)

    await desk.button('删除云朵商店').click()
    await page.getByRole('dialog').getByRole('button', { name: '删除', exact: true }).click()
    await until(() => desk.button('编辑云朵商店').count()).toBe(0)
    expect(desk.trouble).toEqual([])
  })

  it('keeps rules: made by a form or as JSON, moved by keys, tried before they are saved', async ({
    stage,
  }) => {
    const desk = await administer(stage, '规则')
    const { page } = desk
    await page.getByText('还没有规则').waitFor()
    const form = page.getByRole('dialog')
    const rows = page.getByRole('list', { name: '规则' }).getByRole('listitem')
    await desk.button('添加规则').click()
    await form.getByLabel('规则名称').fill('退货')
    await form.getByLabel('消息内容', { exact: true }).fill('退货\n退款')
    await form.getByLabel('回复内容').fill('请提供订单号。')
    await form.getByRole('button', { name: '添加动作' }).click()
    await form.getByLabel('动作 2', { exact: true }).selectOption({ label: '打标签' })
    await form.getByLabel('标签', { exact: true }).fill('售后')
    await mustBeForEverybody(desk)
    await form.getByRole('button', { name: '确定' }).click()

    // What the form has no field for is kept as JSON.
    await desk.button('添加规则').click()
    await form.getByRole('button', { name: '以 JSON 编辑' }).click()
    await form.getByLabel('规则的 JSON').fill('{ "name": ')
    await form.getByRole('button', { name: '确定' }).click()
    await form.getByRole('alert').filter({ hasText: 'JSON 写得不对' }).waitFor()
    const text = { contains: ['Refund'], caseSensitive: true }
    const raw = { name: '大小写', when: { text }, then: [{ reply: { text: '' } }] }
    await form.getByLabel('规则的 JSON').fill(JSON.stringify(raw))
    await form.getByRole('button', { name: '回到表单' }).click()
    await form.getByRole('alert').filter({ hasText: '表单放不下' }).waitFor()
    await form.getByRole('button', { name: '确定' }).click()
    await form.getByRole('alert').filter({ hasText: '动作 1 › 回复内容：是空的' }).waitFor()
    await mustBeForEverybody(desk)
    // What becomes wrong only after that is refused when all are saved, and stands at the rule that it is about.
    await page.route('**/api/v1/rules/check', (route) => route.fulfill({ json: { warnings: [] } }), {
      times: 1,
    })
    await form.getByRole('button', { name: '确定' }).click()
    await desk.button('保存全部规则').click()
    await rows
      .nth(1)
      .getByRole('alert')
      .filter({ hasText: '不能这样保存：动作 1 › 回复内容：是空的' })
      .waitFor()
    expect(await rows.nth(0).getByRole('alert').count()).toBe(0)
    await desk.button('编辑大小写').click()
    await form
      .getByLabel('规则的 JSON')
      .fill(JSON.stringify({ ...raw, then: [{ reply: { text: 'Refunds take 3 days.' } }] }))
    await form.getByRole('button', { name: '确定' }).click()

    // Moved by the keyboard, which stays with the rule.
    await desk.button('上移 大小写').focus()
    await page.keyboard.press('Enter')
    await rows.nth(0).getByText('大小写').waitFor()
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('下移 大小写')

    // Tried before anything is saved.
    await page.getByLabel('试发的内容').fill('我要退款')
    await desk.button('测试').click()
    await page.getByText('由「退货」回答').waitFor()
    await page.getByText('回复: 请提供订单号。').waitFor()
    const verdicts = page.getByRole('list', { name: '每条规则的结果' }).getByRole('listitem')
    expect(await verdicts.nth(0).textContent()).toContain('不符合')
    await mustBeForEverybody(desk)
    await page.getByRole('switch', { name: '启用 退货' }).uncheck()
    await desk.button('测试').click()
    await page.getByText('没有规则回答').waitFor()
    await page.getByRole('switch', { name: '启用 退货' }).check()
    await desk.button('保存全部规则').click()
    await until(() => desk.button('保存全部规则').count()).toBe(0)

    const customer = stage.customer()
    await customer.sends('怎么退货')
    expect(await customer.receives()).toMatchObject({ content: { content: '请提供订单号。' } })
    await page.reload()
    await rows.nth(1).getByText('退货', { exact: true }).waitFor()
    expect(desk.trouble).toEqual([])
  })

  it('makes keys for programs, shown once, and revokes them', async ({ stage }) => {
    const desk = await administer(stage, 'API 密钥')
    const { page } = desk
    await desk.button('创建 API 密钥').click()
    const form = page.getByRole('dialog', { name: '创建 API 密钥' })
    await form.getByLabel('用途').fill('订单系统')
    await mustBeForEverybody(desk)
    await form.getByRole('button', { name: '创建', exact: true }).click()
    const once = page.getByRole('dialog', { name: '新的 API 密钥' })
    const key = await once.getByLabel('API 密钥', { exact: true }).inputValue()
    const counts = async (): Promise<number> =>
      (await fetch(`${stage.service.url}/api/v1/counts`, { headers: { authorization: `Bearer ${key}` } }))
        .status
    expect(await counts()).toBe(200)
    await once.getByRole('button', { name: '我已保存' }).click()
    expect(await page.content()).not.toContain(key)
    await mustBeForEverybody(desk)
    await desk.button('撤销：订单系统').click()
    await page.getByRole('dialog').getByRole('button', { name: '撤销', exact: true }).click()
    await page.getByText('还没有 API 密钥').waitFor()
    expect(await counts()).toBe(401)
    expect(desk.trouble).toEqual([])
  })

  it('changes how the desk is run', async ({ stage }) => {
    const desk = await administer(stage, '客服台设置', { timezoneId: 'Asia/Tokyo' })
    const { page } = desk
    await page.getByText('这个浏览器的时区是 Asia/Tokyo，与它不同。').waitFor()
    await page.getByLabel('时区').fill('Nowhere/Town')
    await desk.button('保存设置').click()
    await page.getByRole('alert').filter({ hasText: '没有保存' }).waitFor()
    await page.getByLabel('时区').fill('Asia/Tokyo')
    await page.getByLabel(/客户多少小时没有动静后/).fill('24')
    await mustBeForEverybody(desk)
    await desk.button('保存设置').click()
    await page.getByText('设置已保存').waitFor()
    await page.getByText('这个浏览器的时区是').waitFor({ state: 'detached' })
    await page.reload()
    await until(() => page.getByLabel('时区').inputValue()).toBe('Asia/Tokyo')
    expect(await page.getByLabel(/客户多少小时没有动静后/).inputValue()).toBe('24')
    expect(desk.trouble).toEqual([])
  })

  it('tells an address of one’s own what happens: tried, watched, sent again', async ({ stage }) => {
    const receiver = await startHookReceiver()
    try {
      const desk = await administer(stage, '事件推送')
      const { page } = desk
      await desk.button('添加推送地址').click()
      const form = page.getByRole('dialog', { name: '添加推送地址' })
      await form.getByLabel('推送地址').fill('ftp://example.com')
      await form.getByRole('button', { name: '添加' }).click()
      await form.getByRole('alert').filter({ hasText: '请检查地址' }).waitFor()
      await form.getByLabel('推送地址').fill(receiver.url)
      await form.getByLabel('说明').fill('订单系统')
      await mustBeForEverybody(desk)
      await form.getByRole('button', { name: '添加' }).click()
      const once = page.getByRole('dialog', { name: '签名密钥' })
      expect(await once.getByLabel('密钥', { exact: true }).inputValue()).toMatch(/^whsec_/)
      await once.getByRole('button', { name: '我已保存' }).click()
      await mustBeForEverybody(desk)
      await desk.button('测试：订单系统').click()
      const deliveries = page.getByRole('dialog', { name: '推送记录：订单系统' })
      await deliveries.getByRole('list').getByText('已送达').waitFor()
      await mustBeForEverybody(desk)
      await deliveries.getByRole('button', { name: '重新推送：webhook.test' }).click()
      await until(() => receiver.received.length).toBe(2)
      await deliveries.getByRole('button', { name: '关闭' }).click()
      await desk.button('停用 订单系统').click()
      await desk.button('启用 订单系统').waitFor()
      await desk.button('删除订单系统').click()
      await page.getByRole('dialog').getByRole('button', { name: '删除', exact: true }).click()
      await page.getByText('还没有推送地址').waitFor()
      expect(desk.trouble).toEqual([])
    } finally {
      await receiver.close()
    }
  })

  it('reports what happened, as pictures and as tables', async ({ ownService }) => {
    // The numbers are the whole workspace's.
    const stage = await ownService()
    const desk = await administer(stage, '报表')
    const { page } = desk
    await page.getByText('这些天没有发送失败').waitFor()
    await stage.customer().sends('在吗')
    await stage.customer().sends('我想退货')
    const incoming = page.locator('dl > div').filter({ hasText: '客户消息' })
    await expect
      .poll(
        async () => {
          await desk.button('查看').click()
          return incoming.getByRole('definition').textContent()
        },
        { timeout: patience, interval: 500 },
      )
      .toBe('2')
    const table = page.getByRole('table', { name: '每天的消息' })
    expect(await table.getByRole('row').last().getByRole('cell').first().textContent()).toBe('2')
    await mustBeForEverybody(desk)
    await page.getByLabel('从', { exact: true }).fill('2001-01-01')
    await desk.button('查看').click()
    await page.getByRole('alert').filter({ hasText: '请改日期' }).waitFor()
    expect(desk.trouble).toEqual([])
  })
})
