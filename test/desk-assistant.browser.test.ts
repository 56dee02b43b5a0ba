import { describe, expect } from 'vitest'
import { deskTest, until } from './browser-fixture.js'
import { mustBeForEverybody } from './desk-for-everybody.js'
import type { DeskStage, OpenDesk } from './desk-stage.js'
import { ApiClient } from './support/api-client.js'
import { screenshot } from './support/screenshot.js'

const hostile = '<img src=x onerror="document.title=1">"\'`{{x}}\u202e长'

// Assistants and models are those of all Mini Programs: each test has a service of its own, beside the emulator's model.
interface Desk {
  readonly stage: DeskStage
  readonly admin: OpenDesk
  readonly api: ApiClient
}
const key = 'a-key-of-the-assistants-tests'
const it = deskTest.extend('desk', async ({ ownService }): Promise<Desk> => {
  const stage = await ownService({ KEFU_ALLOW_PRIVATE_MODELS: 'loopback', KEFU_API_KEY: key })
  const admin = await stage.enter('店长', { role: 'admin' })
  return { stage, admin, api: new ApiClient(stage.service.url, key) }
})

async function openPart({ page }: OpenDesk, stage: DeskStage, part: string, title: string): Promise<void> {
  await page.goto(`${stage.service.url}/#/admin/${part}`)
  await page.getByRole('heading', { level: 1, name: title }).waitFor()
}

describe('assistants at the desk', () => {
  it('go from nothing to an answering assistant, whose answer says where it is from', async ({ desk }) => {
    const { stage, admin, api } = desk
    const { page } = admin
    // A model, set up and checked.
    await openPart(admin, stage, 'model', 'AI 模型')
    await page.getByLabel('服务商').selectOption('openai')
    await page.getByLabel('接口地址').fill(`${stage.emulator.url}/_model/v1`)
    await page.getByLabel('模型名称').fill('fake')
    await page.getByLabel('密钥').fill('sk-planted')
    await page.getByRole('button', { name: '保存并检查' }).click()
    await page.getByText('会回答').waitFor()
    expect(await page.getByLabel('密钥').inputValue()).toBe('')
    await mustBeForEverybody(admin)

    // What the shop knows, by the API; its page has tests of its own.
    const entry = { title: '能放洗碗机吗', text: '可以，请放上层。', wordings: ['可以机洗吗'] }
    await api.ok('POST /knowledge/entries', { body: { entry } })

    // An assistant, tried and published.
    await openPart(admin, stage, 'assistants', 'AI 助手')
    await page.getByText('还没有助手').waitFor()
    await page.getByRole('button', { name: '新建助手' }).click()
    await page.getByRole('dialog').getByRole('button', { name: '新建助手' }).click()
    const card = page.getByRole('region', { name: '小助手' })
    await card.getByLabel('给模型的说明').fill(hostile)
    await card.getByLabel('转人工时说').fill(`请稍等${hostile}`)
    await card.getByLabel('客户说').fill('这个能放洗碗机洗吗')
    await card.getByRole('button', { name: '看看怎样回答' }).click()
    await card.getByText('可以，请放上层。').waitFor()
    await mustBeForEverybody(admin)
    await card.getByRole('button', { name: '发布' }).click()
    await page.getByRole('dialog').getByRole('button', { name: '发布' }).click()
    await card.getByText('已发布').waitFor()
    await card.getByText('还没有规则把消息交给它').waitFor()

    // A rule that leaves everything to it.
    await card.getByRole('link', { name: '去设置规则' }).click()
    await page.getByRole('heading', { level: 1, name: '规则' }).waitFor()
    await page.getByRole('button', { name: '添加规则' }).click()
    const form = page.getByRole('dialog')
    await form.getByLabel('规则名称').fill('其他')
    await form.getByLabel('动作 1', { exact: true }).selectOption('assistant')
    await form.getByLabel('助手的名称').fill('小助手')
    await form.getByRole('button', { name: '确定' }).click()
    await page.getByRole('button', { name: '保存全部规则' }).click()
    await page.getByText('规则已保存').first().waitFor()

    // A customer asks, and the agent sees why it was answered so.
    await stage.customer('oAsks').sends('请问能放洗碗机洗吗')
    expect(await stage.customer('oAsks').receivesText()).toBe('可以，请放上层。')
    await page.goto(`${stage.service.url}/#/conversations`)
    await admin.tab('全部').click()
    await admin.row('可以，请放上层').first().click()
    await admin.thread.getByText('AI 选用').waitFor()
    await admin.thread.getByRole('button', { name: '为什么' }).click()
    const why = page.getByRole('dialog', { name: '这样回答的原因' })
    await why.getByText('能放洗碗机吗').waitFor()
    expect(await page.title()).not.toBe('1')
    await mustBeForEverybody(admin)

    // Knowledge says how often it was sent.
    await api.ok('POST /knowledge/entries', { body: { entry: { title: '包邮吗', text: '满 99 元包邮。' } } })
    await openPart(admin, stage, 'knowledge', '知识')
    const entries = page.getByRole('list', { name: '知识' }).getByRole('listitem')
    await until(() => entries.first().textContent()).toContain('还没发过')
    await page.getByLabel('排序').selectOption({ label: '发得最多' })
    await until(() => entries.first().textContent()).toContain('30 天内发过 1 次')
    await mustBeForEverybody(admin)
    await screenshot(page, 'uses')
  })

  it('say that one is thinking, and let a person take over', async ({ desk }) => {
    const { stage, admin, api } = desk
    const { page } = admin
    const main = { preset: 'openai', url: `${stage.emulator.url}/_model/v1`, model: 'fake', key: 'k' }
    await api.ok('PUT /model', { body: { main } })
    await api.ok('POST /knowledge/entries', { body: { entry: { title: '什么时候发货', text: '明天。' } } })
    await api.ok('PUT /assistants/:name', { params: { name: '售前' }, body: {} })
    await api.ok('POST /assistants/:name/publish', { params: { name: '售前' } })
    const rules = [{ name: 'r', when: {}, then: [{ assistant: '售前' }] }]
    await api.ok('PUT /rules', { body: { rules } })
    stage.emulator.model.fail({ hang: 'first', times: 1 })
    await stage.customer('oAsks').sends('什么时候发货？')
    await admin.tab('全部').click()
    await admin.row('什么时候发货').first().click()
    await admin.list.getByText('AI 思考中', { exact: true }).waitFor()
    await page.getByText('AI 助手正在想怎样回答').waitFor()
    await until(() => stage.emulator.model.faults.length).toBe(0)
    await page.getByRole('button', { name: '接管' }).first().click()
    await until(() => admin.list.getByText('AI 思考中', { exact: true }).count()).toBe(0)
    await until(() => stage.emulator.model.calls.map(({ isAborted }) => isAborted)).toEqual([true])
    expect(stage.customer('oAsks').messages.filter(({ from }) => from === 'service')).toEqual([])
  })

  it('take what a customer wrote as a case of the exam, for admins of all Mini Programs', async ({
    desk,
  }) => {
    const { stage, admin, api } = desk
    const { page } = admin
    await api.ok('POST /knowledge/entries', { body: { entry: { title: '什么时候发货', text: '明天。' } } })
    await api.ok('POST /knowledge/entries', { body: { entry: { title: '怎么退货', text: '7 天内。' } } })
    const says = `几号能发货${hostile}`
    await stage.customer('oAsks').sends(says)
    await admin.tab('全部').click()
    await admin.row('几号能发货').first().click()
    await admin.thread.getByText('几号能发货').hover()
    await admin.thread.getByRole('button', { name: '加入测评' }).click()
    const form = page.getByRole('dialog', { name: '加入测评' })
    const expected = form.getByLabel('应找到哪条')
    const likely = expected.locator('optgroup').first()
    await until(() => likely.locator('option').first().textContent()).toBe('什么时候发货')
    expect(await form.getByRole('button', { name: '添加考题' }).isDisabled()).toBe(true)
    await mustBeForEverybody(admin)
    await screenshot(page, 'message-case')
    await expected.selectOption({ label: '什么时候发货' })
    await form.getByRole('button', { name: '添加考题' }).click()
    await page.getByText('已加入考题').first().waitFor()
    expect(await api.ok('GET /exams/retrieval')).toMatchObject({
      cases: [{ says, entryTitle: '什么时候发货', passed: true }],
    })
    expect(await page.title()).not.toBe('1')

    // Exams are not for whoever only answers.
    const agent = await stage.enter('小王')
    await agent.tab('全部').click()
    await agent.row('几号能发货').first().click()
    await agent.thread.getByText('几号能发货').hover()
    expect(await agent.thread.getByRole('button', { name: '加入测评' }).count()).toBe(0)
  })
})
