import { expect } from 'vitest'
import { deskTest, until } from './browser-fixture.js'
import { addAgent } from './support/desk-agent.js'
import { ApiClient } from './support/api-client.js'
import { png } from './support/pictures.js'

const key = 'a-key-of-the-phone-test-0123456789'

deskTest(
  'W1, W2, W6, W12: a phone beside the desk shows what was meant for it, and nothing else',
  async ({ browser, ownService }) => {
    // The phone's page shows the first Mini Program that there is.
    const stage = await ownService({ KEFU_API_KEY: key })
    const api = new ApiClient(stage.service.url, key)
    const desk = await stage.enter('小满')
    await addAgent(stage.service, '老周')
    const context = await browser.newContext({
      locale: 'zh-CN',
      viewport: { width: 1280, height: 900 },
    })
    const phone = await context.newPage()
    await phone.goto(`${stage.emulator.url}/`)
    await phone.getByRole('button', { name: '联系客服' }).click()
    const box = phone.getByRole('textbox', { name: '消息' })
    await box.fill('杯子有裂纹')
    await box.press('Enter')
    await desk.row(/杯子有裂纹/).click()
    await desk.thread.getByText('杯子有裂纹').waitFor()
    const id = Number(new URL(desk.page.url()).hash.split('/').at(-1))
    const assignTo = async (name: string): Promise<void> => {
      const { items } = (await api.ok('GET /agents')) as { items: { id: number; name: string }[] }
      const agentId = items.find((one) => one.name === name)?.id ?? 0
      await api.ok('POST /conversations/:id/assign', { params: { id }, body: { agentId } })
    }
    const log = phone.getByRole('log')
    /** Everything that the phone has of the shop: texts, and how many pictures. */
    const shown = async (): Promise<string> => (await log.innerText()).replaceAll(/\s+/g, ' ')
    const note = desk.page.getByRole('textbox', { name: '备注', exact: true })

    // W1: a note is half written when the conversation becomes the writer's.
    await desk.tab('备注').click()
    await note.fill('这位客户')
    await assignTo('小满')
    await desk.button('结束').waitFor()
    await note.pressSequentially('先别给他退款')
    await note.press('Enter')
    await desk.page.getByText('这位客户先别给他退款').first().waitFor()

    // W6: what stood there at Enter goes, although the picture takes its time.
    await desk.tab('回复').click()
    let letGo: () => void = () => undefined
    const gate = new Promise<void>((resolve) => {
      letGo = resolve
    })
    await desk.page.route('**/api/v1/media?**', async (route) => {
      await gate
      await route.continue()
    })
    const picture = { name: 'a.png', mimeType: 'image/png', buffer: png(40, 30) }
    await desk.page.locator('#composer input[type=file]').first().setInputFiles(picture)
    await desk.page.getByAltText('待发图片 1').waitFor()
    await desk.reply.fill('请看图')
    await desk.reply.press('Enter')
    await desk.reply.pressSequentially('后半句还没想好')
    letGo()
    await log.getByText('请看图').waitFor()

    // W2: the half that is left stays whole when somebody else has the conversation.
    await assignTo('老周')
    await desk.page.getByText('老周 正在接待，这条回复没有发出').waitFor()
    await desk.reply.press('Enter')
    expect(await desk.reply.inputValue()).toBe('后半句还没想好')

    // W12: what is closed and taken back is no word to the customer.
    await assignTo('小满')
    await until(() => desk.reply.isEnabled()).toBe(true)
    await desk.button('结束').click()
    await desk.page.getByRole('button', { name: '撤销' }).click()
    await until(() => desk.reply.isEnabled()).toBe(true)
    await desk.reply.fill('已为您换新')
    await desk.reply.press('Enter')
    await log.getByText('已为您换新').waitFor()
    const all = await shown()
    for (const kept of ['退款', '这位客户', '后半句']) expect(all).not.toContain(kept)
    expect(all.match(/请看图/g)).toHaveLength(1)
    expect(desk.trouble).toEqual([])
    await context.close()
  },
)
