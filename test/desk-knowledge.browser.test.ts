import { describe, expect, onTestFinished } from 'vitest'
import { deskTest, until } from './browser-fixture.js'
import { mustBeForEverybody } from './desk-for-everybody.js'
import type { DeskStage, OpenDesk } from './desk-stage.js'
import { png } from './support/pictures.js'
import { answerWith, rawServer } from './support/raw-server.js'
import { screenshot } from './support/screenshot.js'

const hostile = '<img src=x onerror="document.title=1">"\'`{{x}}\u202e长'

// Knowledge is that of all Mini Programs: each test has a service of its own.
const it = deskTest.extend('desk', async ({ ownService }): Promise<{ stage: DeskStage; admin: OpenDesk }> => {
  const stage = await ownService()
  return { stage, admin: await stage.enter('店长', { role: 'admin' }) }
})

async function openPart({ page }: OpenDesk, stage: DeskStage, part: string, title: string): Promise<void> {
  await page.goto(`${stage.service.url}/#/admin/${part}`)
  await page.getByRole('heading', { level: 1, name: title }).waitFor()
}

describe('knowledge at the desk', () => {
  it('is written, tried, changed, given back, and told which cases a change breaks', async ({ desk }) => {
    const { stage, admin } = desk
    const { page } = admin
    await openPart(admin, stage, 'knowledge', '知识')
    await page.getByText('还没有问答').waitFor()
    await page.getByRole('button', { name: '添加问答' }).click()
    const form = page.getByRole('dialog')
    await form.getByLabel('问题', { exact: true }).fill('怎么退货')
    await form.getByLabel('其他问法').fill('不想要了可以退吗\n七天无理由怎么操作')
    await form.getByLabel('答案', { exact: true }).fill(`签收 7 天内可退。${hostile}`)
    await mustBeForEverybody(admin)
    await form.getByRole('button', { name: '保存' }).click()
    const rows = page.getByRole('list', { name: '知识' })
    await rows.getByText('怎么退货').waitFor()

    // The box finds it by another wording, and says by which words.
    await page.getByLabel('客户的问题').fill('买了不想要了能退不')
    await page.getByRole('button', { name: '查找', exact: true }).click()
    const found = page.getByRole('list', { name: '找到的问答' })
    await found.getByText('怎么退货').waitFor()
    await found.getByText(/不想/).waitFor()
    await mustBeForEverybody(admin)

    // A case that passes, and that a change breaks.
    await openPart(admin, stage, 'exams', '考题')
    await page.getByText('还没有考题').waitFor()
    await page.getByRole('button', { name: '添加考题' }).click()
    await form.getByLabel('客户会怎么问').fill(`不想要了怎么弄\n${hostile}`)
    await form.getByLabel('应找到哪条').selectOption({ label: '怎么退货' })
    await mustBeForEverybody(admin)
    await form.getByRole('button', { name: '添加考题' }).click()
    const cases = page.getByRole('list', { name: '考题' })
    await cases.getByText('不想要了怎么弄').waitFor()
    await page.getByText('还差 28 题').waitFor()
    await mustBeForEverybody(admin)

    await openPart(admin, stage, 'knowledge', '知识')
    await page.getByRole('button', { name: '编辑怎么退货' }).click()
    await form.getByLabel('问题', { exact: true }).fill('运费多少')
    await form.getByLabel('其他问法').fill('')
    await form.getByLabel('答案', { exact: true }).fill('8 元。')
    await form.getByRole('button', { name: '保存' }).click()
    await page.getByText(/这次修改让 \d 道/).waitFor()
    await page.getByRole('button', { name: '历史版本：运费多少' }).click()
    await page.getByRole('button', { name: '恢复第 1 版' }).click()
    await rows.getByText('怎么退货').waitFor()
    await until(() => rows.getByText('运费多少').count()).toBe(0)
    expect(await page.title()).not.toBe('1')
  })

  it('is read from a table, which is looked at before it is saved', async ({ desk }) => {
    const { stage, admin } = desk
    const { page } = admin
    await openPart(admin, stage, 'knowledge', '知识')
    await page.getByRole('button', { name: '导入表格' }).click()
    const form = page.getByRole('dialog')
    await form
      .getByLabel('或粘贴表格')
      .fill(`问题\t答案\t相似问法\n包邮吗\t满 99 元包邮\t邮费多少|运费\n没有答案\t\n`)
    await form.getByRole('button', { name: '检查' }).click()
    await form.getByText('共 2 行，1 行可以导入，1 行不能。').waitFor()
    await form.getByText('缺少答案').waitFor()
    await mustBeForEverybody(admin)
    await form.getByRole('button', { name: '导入 1 条' }).click()
    await page.getByRole('list', { name: '知识' }).getByText('包邮吗').waitFor()
    await page.getByText('2 种问法').waitFor()

    // A document becomes drafts.
    await page.getByRole('button', { name: '导入表格' }).click()
    const buffer = Buffer.from('# 保养方法\n\n温水清洗，不要用钢丝球。\n')
    await form.getByLabel(/选择文件/).setInputFiles({ name: '保养.md', mimeType: 'text/markdown', buffer })
    await form.getByRole('button', { name: '检查' }).click()
    await form.getByRole('button', { name: '导入 1 条' }).click()
    const drafted = page.getByRole('listitem').filter({ hasText: '保养方法' })
    await drafted.getByText('草稿').waitFor()
  })

  it('takes cases of the exam from a table, which is looked at before it is saved', async ({ desk }) => {
    const { stage, admin } = desk
    const { page } = admin
    await openPart(admin, stage, 'knowledge', '知识')
    await page.getByRole('button', { name: '添加问答' }).click()
    const form = page.getByRole('dialog')
    await form.getByLabel('问题', { exact: true }).fill('包邮吗')
    await form.getByLabel('答案', { exact: true }).fill('满 99 元包邮。')
    await form.getByRole('button', { name: '保存' }).click()
    await page.getByRole('list', { name: '知识' }).getByText('包邮吗').waitFor()
    await openPart(admin, stage, 'exams', '考题')
    await page.getByRole('button', { name: '导入考题' }).click()
    const table = `问题,应找到\n邮费包吗,包邮吗\n天气如何,转人工\n${hostile.replaceAll(/[,"]/g, '')},没有\n退货,怎么退货\n`
    await form
      .getByLabel(/选择表格/)
      .setInputFiles({ name: '考题.csv', mimeType: 'text/csv', buffer: Buffer.from(table) })
    await form.getByRole('button', { name: '检查' }).click()
    await form.getByText('共 4 行，3 行可以导入，1 行不能。').waitFor()
    await form.getByText('没有这条问答').waitFor()
    await mustBeForEverybody(admin)
    await screenshot(page, 'cases-import')
    await form.getByRole('button', { name: '导入 3 条' }).click()
    await page.getByText('已导入 3 条。').first().waitFor()
    await page.getByRole('list', { name: '考题' }).getByText('邮费包吗').waitFor()
    expect(await page.title()).not.toBe('1')
  })

  it('is taken from a page of the web, which says why it can’t be read', async ({ ownService }) => {
    let status = 200
    const site = await rawServer(({ socket }) => {
      const body = `<title>帮助${hostile.replaceAll('<', '&lt;')}</title><h2>保修多久</h2><p>两年。${hostile}`
      answerWith(socket, body, { status, headers: { 'content-type': 'text/html; charset=utf-8' } })
    })
    onTestFinished(() => site.close())
    const stage = await ownService({ KEFU_ALLOW_PRIVATE_PAGES: 'loopback' })
    const admin = await stage.enter('店长', { role: 'admin' })
    const { page } = admin
    await openPart(admin, stage, 'knowledge', '知识')
    await page.getByRole('button', { name: '添加网页' }).click()
    const form = page.getByRole('dialog')
    await form.getByLabel('网址').fill('http://192.168.0.1/')
    await form.getByRole('button', { name: '添加并读取' }).click()
    await form.getByText('这是内网地址').waitFor()
    await mustBeForEverybody(admin)
    await form.getByLabel('网址').fill(`${site.url}/help?${'很长的地址'.repeat(30)}`)
    await form.getByRole('button', { name: '添加并读取' }).click()
    const sources = page.getByRole('list', { name: '网页' })
    await sources.getByText('1 条问答').waitFor()
    const entry = page.getByRole('list', { name: '知识' }).getByRole('listitem')
    await entry.getByText('保修多久').waitFor()
    await entry.getByText('来自网页').waitFor()
    await entry.getByText('草稿').waitFor()
    status = 404
    await sources.getByRole('button', { name: /立即读取/ }).click()
    await sources.getByText('网页已不存在（404）').waitFor()
    await sources.getByText('读取失败').waitFor()
    await mustBeForEverybody(admin)
    await screenshot(page, 'sources')
    await sources.getByRole('button', { name: /^删除/ }).click()
    await mustBeForEverybody(admin)
    await form.getByLabel('它的 1 条问答').selectOption('remove')
    await form.getByRole('button', { name: '删除', exact: true }).click()
    await page.getByText('还没有问答').waitFor()
    expect(await page.title()).not.toBe('1')
  })

  it('may be followed by a card, whose picture is uploaded in the form', async ({ desk }) => {
    const { stage, admin } = desk
    const { page } = admin
    await openPart(admin, stage, 'knowledge', '知识')
    await page.getByRole('button', { name: '添加问答' }).click()
    const form = page.getByRole('dialog')
    await form.getByLabel('问题', { exact: true }).fill('在哪里买')
    await form.getByLabel('答案', { exact: true }).fill('在这里。')
    await form.getByLabel('答案之后再发一条').selectOption({ label: '小程序卡片' })
    await form.getByLabel('标题').fill(`马克杯${hostile}`)
    await form.getByRole('button', { name: '保存' }).click()
    await form.getByText('后面那条消息没有填完整').waitFor()
    await form.getByLabel('页面路径').fill('pages/cup?id=1')
    const file = { name: '杯.png', mimeType: 'image/png', buffer: png(600, 500) }
    await form.locator('input[type=file]').setInputFiles(file)
    await until(() => form.getByLabel('media_id').inputValue()).not.toBe('')
    await form.getByText(/小程序.*马克杯/).waitFor()
    await mustBeForEverybody(admin)
    await screenshot(page, 'extra')
    await form.getByRole('button', { name: '保存' }).click()
    await page.getByRole('list', { name: '知识' }).getByText('在哪里买').waitFor()

    // It stays as it is, is another, or none.
    await page.getByRole('button', { name: '编辑在哪里买' }).click()
    expect(await form.getByLabel('页面路径').inputValue()).toBe('pages/cup?id=1')
    await form.getByLabel('答案之后再发一条').selectOption({ label: '图文链接' })
    await form.getByLabel('链接地址').fill('https://shop.example/cup')
    await form.getByLabel('封面图片地址').fill('https://shop.example/cup.png')
    await form.getByRole('button', { name: '保存' }).click()
    await form.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: '编辑在哪里买' }).click()
    expect(await form.getByLabel('链接地址').inputValue()).toBe('https://shop.example/cup')
    await form.getByLabel('答案之后再发一条').selectOption({ label: '不发' })
    await form.getByRole('button', { name: '保存' }).click()
    await form.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: '编辑在哪里买' }).click()
    expect(await form.getByLabel('答案之后再发一条').inputValue()).toBe('')
    expect(await page.title()).not.toBe('1')
  })
})
