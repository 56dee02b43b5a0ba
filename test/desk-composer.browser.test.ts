import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { encodePush } from '../src/wechat/index.js'
import { buildPage, describeInBrowser, launchBrowser } from './browser.js'
import { patience, startDeskStage, type DeskStage, type OpenDesk } from './desk-stage.js'
import { png } from './support/pictures.js'
import { planted } from './support/test-service.js'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 })

describeInBrowser('the desk’s composer', () => {
  let browser: Browser
  let stage: DeskStage

  beforeAll(async () => {
    await buildPage('desk')
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())
  afterEach(() => stage.close())

  /** A customer who wrote, and the agent who has taken them. */
  async function taken(): Promise<OpenDesk> {
    stage = await startDeskStage(browser)
    await stage.customer().sends('我的杯子有裂纹')
    const desk = await stage.enter('小满')
    await desk.row(/我的杯子有裂纹/).click()
    await desk.button('接入').click()
    await until(() => desk.reply.isEnabled()).toBe(true)
    return desk
  }
  const said = (): string[] =>
    stage
      .customer()
      .messages.filter(({ from }) => from === 'service')
      .map(({ content }) => ('content' in content ? content.content : content.msgType))
  const until = <T>(read: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> =>
    expect.poll(read, { timeout: patience })

  it('holds a message for as long as was chosen, to be taken back; a page that is gone loses none', async () => {
    const desk = await taken()
    const { page } = desk
    const address = page.url()
    const hold = async (seconds: string): Promise<void> => {
      await page.goto(`${stage.service.url}/#/settings`)
      await page.getByLabel('发出前等待，期间可撤回').selectOption({ label: seconds })
      await page.goto(address)
      await until(() => desk.reply.isEnabled()).toBe(true)
    }
    await hold('5 秒')
    await desk.reply.fill('发错了人')
    await desk.reply.press('Enter')
    await desk.thread.getByText('等待发出').waitFor()
    await desk.thread.getByRole('button', { name: '撤回' }).click()
    await desk.thread.getByText('已取消').waitFor()
    // It goes back to where it was written.
    expect(await desk.reply.inputValue()).toBe('发错了人')

    await hold('2 秒')
    await desk.reply.fill('这次没错')
    await desk.reply.press('Enter')
    await desk.thread.getByText('等待发出').waitFor()
    await page.close()
    await until(said).toEqual(['这次没错'])
    expect(desk.trouble).toEqual([])
  })

  it('says what a long text costs, and makes it shorter where blank lines cost a message', async () => {
    const desk = await taken()
    for (const text of ['一', '二', '三', '四']) {
      await desk.reply.fill(text)
      await desk.reply.press('Enter')
      await until(() => said().at(-1)).toBe(text)
    }
    const long = '请先取下杯盖。\n\n\n\n\n'.repeat(90)
    await desk.reply.fill(long)
    await desk.page.getByText('需要 2 条额度，只剩 1 条').waitFor()
    expect(await desk.button('发送').isDisabled()).toBe(true)
    await desk.page.getByText('查看拆分结果').click()
    expect(await desk.page.locator('.parts li').count()).toBe(2)

    await desk.button('合并/精简').click()
    await desk.page.getByText('2 条变成 1 条').waitFor()
    expect(await desk.reply.inputValue()).toBe(Array(90).fill('请先取下杯盖。').join('\n'))
    await desk.button('恢复原文').click()
    expect(await desk.reply.inputValue()).toBe(long)
    await desk.button('合并/精简').click()
    await desk.button('发送').click()
    await until(() => said().at(-1)).toBe(Array(90).fill('请先取下杯盖。').join('\n'))
    expect(said()).toHaveLength(5)

    // Where nothing is to be left out, it says how much is too much.
    await stage.customer().sends('还有吗')
    await until(() => desk.reply.isEnabled()).toBe(true)
    await desk.reply.fill('长'.repeat(700))
    await desk.button('合并/精简').click()
    await desk.page.getByText('再删约 18 个字').waitFor()
    expect(await desk.reply.inputValue()).toBe('长'.repeat(700))
    expect(desk.trouble).toEqual([])
  })

  it('asks for a picture again that could not be fetched', async () => {
    const desk = await taken()
    stage.emulator.faults.add({ path: '/cgi-bin/media/get', errcode: 48001 })
    await stage.customer().sendsImage(png(60, 40))
    await desk.thread.getByText('图片获取失败').waitFor()
    await desk.thread.getByRole('button', { name: '重试' }).click()
    await desk.thread.getByRole('button', { name: /客户|访客.*发送的图片/ }).waitFor()

    // What is no picture stays none, and nothing is offered.
    await stage.customer().sendsImage(Buffer.from('\x89PNG\r\n\x1a\n<svg onload="alert(1)"/>', 'latin1'))
    await desk.thread.getByText('不是能显示的格式').waitFor()
    expect(await desk.thread.getByRole('button', { name: '重试' }).count()).toBe(0)
    expect(desk.trouble).toEqual([])
  })

  it('tells a card without a cover from one whose cover is not here', async () => {
    const desk = await taken()
    const card = { msgType: 'miniprogrampage', pagePath: 'pages/goods/detail?id=1024' } as const
    await stage.customer().sends({ ...card, title: '没有图的卡片' })
    await desk.thread.getByText('没有封面').waitFor()
    stage.emulator.faults.add({ path: '/cgi-bin/media/get', errcode: 48001 })
    const upload = await fetch(`${stage.emulator.url}/_emulator/media`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: png(52, 42),
    })
    const { mediaId } = (await upload.json()) as { mediaId: string }
    await stage.customer().sends({ ...card, title: '取不到图的卡片', thumbMediaId: mediaId })
    await desk.thread.getByText('图片获取失败').waitFor()
    expect(await desk.thread.getByText('没有封面').count()).toBe(1)
    expect(await desk.thread.getByText('封面已过期').count()).toBe(0)
    expect(desk.trouble).toEqual([])
  })

  it('closes when WeChat’s 48 hours are over, and says so', async () => {
    stage = await startDeskStage(browser)
    const desk = await stage.enter('小满')
    // Written 48 hours ago but for a quarter of a minute; an ordinary push can be as late after an outage.
    const createTime = Math.floor(Date.now() / 1000) - 48 * 3600 + 15
    const { body, query } = encodePush(
      {
        msgType: 'text',
        toUserName: 'gh_0123456789ab',
        fromUserName: 'oLate000000000late',
        createTime,
        msgId: '22876340532172986',
        content: '两天前的问题',
      },
      {
        appId: planted.WECHAT_APP_ID,
        token: planted.WECHAT_TOKEN,
        encodingAESKey: planted.WECHAT_ENCODING_AES_KEY,
        mode: 'secure',
      },
      { timestamp: Math.floor(Date.now() / 1000) },
    )
    const push = new URL(`${stage.service.url}/wechat/${planted.WECHAT_APP_ID}`)
    for (const [name, value] of Object.entries(query)) push.searchParams.set(name, value)
    expect((await fetch(push, { method: 'POST', body })).status).toBe(200)
    await desk.row(/两天前的问题/).click()
    await desk.button('接入').click()
    await desk.page.getByText('已超过 48 小时，微信不允许再回复').first().waitFor({ timeout: 40_000 })
    await until(() => desk.reply.isDisabled()).toBe(true)
    expect(await desk.button('发送').isDisabled()).toBe(true)
    expect(await desk.button('图片').isDisabled()).toBe(true)
    // Notes go on.
    await desk.page.getByRole('tab', { name: '备注' }).click()
    await desk.page.getByRole('textbox', { name: '备注', exact: true }).fill('已电话联系')
    await desk.button('发送').click()
    await desk.thread.getByText('已电话联系').waitFor()
    expect(desk.trouble).toEqual([])
  })
})
