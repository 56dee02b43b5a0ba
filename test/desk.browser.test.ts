import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { buildPage, describeInBrowser, launchBrowser } from './browser.js'
import { signIn, startDeskStage, type DeskStage } from './desk-stage.js'

describeInBrowser('the desk', () => {
  let browser: Browser
  let stage: DeskStage

  beforeAll(async () => {
    await buildPage('desk')
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())
  afterEach(() => stage.close())

  it('lets in who has the password, and says nothing else to who has not', async () => {
    stage = await startDeskStage(browser)
    const desk = await stage.enter('小满')
    await desk.tab('待接入').waitFor()
    await desk.page.getByText('没有等待的客户').waitFor()
    expect(desk.trouble).toEqual([])

    const stranger = await stage.open()
    await signIn(stranger.page, '小满', 'a wrong password')
    await stranger.page.getByRole('alert').filter({ hasText: '用户名或密码不对' }).waitFor()
    expect(await stranger.page.getByLabel('密码').inputValue()).toBe('')
  })

  it('shows who waits, and takes an answer to their phone', async () => {
    stage = await startDeskStage(browser)
    const customer = stage.customer()
    await customer.enters({ sessionFrom: '{"page":"商品详情页"}' })
    await customer.sends('我的杯子有裂纹，怎么退换？')
    const desk = await stage.enter('小满')
    await desk.row(/待接入.*我的杯子有裂纹/).click()
    await desk.thread.getByText('我的杯子有裂纹').waitFor()
    await desk.button('接入').click()
    await desk.reply.fill('您好，马上为您换货。')
    await desk.reply.press('Enter')
    await desk.thread.getByText('微信已接收').waitFor()
    expect(await customer.receives()).toMatchObject({ content: { content: '您好，马上为您换货。' } })
    expect(desk.trouble).toEqual([])
  })
})
