import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Browser, Locator } from 'playwright-core'
import { miniProgramLink } from '../../src/wechat/index.js'
import { app, startPhoneStage, type PhoneStage } from '../../test/phone-stage.js'
import type { Step } from './step.js'
import { shoot } from './shoot.js'

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The phone, with its drawer and without. */
export async function takePhone(browser: Browser, step: Step): Promise<void> {
  /** A service that answers like a shop's. */
  async function openShop(english = false): Promise<PhoneStage> {
    const stage = await startPhoneStage(browser)
    const { api, bot, emulator } = stage
    if (english) emulator.addApp({ ...app, name: 'Cloud Goods', pushUrl: stage.pushUrl })
    const { mediaId } = await api.uploadTempMedia(await readFile(at('assets/demo/cover.png')))
    const cover = `${emulator.url}/_emulator/media/${mediaId}`
    const say = (chinese: string, other: string): string => (english ? other : chinese)
    bot.on('event:user_enter_tempsession', (ctx) =>
      ctx.reply(
        say('您好！欢迎来到云朵商城，请问有什么可以帮您？', 'Hello, and welcome! What can I do for you?'),
      ),
    )
    bot.hears(/洗碗机|dishwasher/, (ctx) =>
      ctx.reply({
        msgType: 'link',
        title: say('云朵马克杯的保养方法', 'How to care for your cloud mug'),
        description: say(
          '可以进洗碗机；请先取下杯盖，不要使用钢丝球。',
          'The dishwasher is fine; take the lid off first.',
        ),
        url: 'https://example.com/care',
        thumbUrl: cover,
      }),
    )
    bot.hears(/订单|order/, (ctx) =>
      ctx.reply({
        msgType: 'text',
        content:
          say('订单 1024 已发货，预计明天送达。', 'Order 1024 is on its way and will arrive tomorrow. ') +
          miniProgramLink({
            appId: app.appId,
            path: 'pages/order/detail?id=1024',
            text: say('查看物流', 'Track it'),
          }),
        isAiMsg: true,
      }),
    )
    bot.hears(/新品|new/, (ctx) =>
      ctx.reply({
        msgType: 'miniprogrampage',
        title: say('云朵马克杯 · 今日 8 折', 'Cloud mug · 20% off today'),
        pagePath: 'pages/goods/detail?id=1024',
        thumbMediaId: mediaId,
      }),
    )
    bot.hears('转人工', (ctx) => {
      ctx.transfer()
    })
    return stage
  }

  const enter = async (phone: Locator): Promise<void> => {
    await phone.getByRole('button', { name: /联系客服|Contact us/ }).click()
    await phone.getByText(/欢迎|welcome/).waitFor()
  }
  const write = async (phone: Locator, text: string, answer: string): Promise<void> => {
    const box = phone.getByRole('textbox').first()
    await box.fill(text)
    await box.press('Enter')
    await phone.getByRole('log').getByText(answer).last().waitFor()
  }

  await step('wide, with the drawer', async () => {
    const stage = await openShop()
    const { page, phone } = await stage.open()
    await enter(phone())
    await write(phone(), '可以进洗碗机吗？', '云朵马克杯的保养方法')
    await write(phone(), '订单 1024 到哪了？', '查看物流')
    const drawer = page.getByRole('complementary', { name: '开发者抽屉' })
    await drawer.getByRole('button', { name: /推送 text .*订单 1024/ }).click()
    await shoot(page, 'phone-wide')
    await stage.close()
  })

  await step('the Mini Program, narrow', async () => {
    const stage = await openShop()
    const { page, phone } = await stage.open('', { viewport: { width: 390, height: 844 } })
    await phone()
      .getByRole('img', { name: /云朵马克杯/ })
      .waitFor()
    await shoot(page, 'phone-narrow-page')
    await enter(phone())
    await write(phone(), '有新品吗？', '小程序')
    await write(phone(), '转人工', '已为您转接人工客服')
    await phone().getByText('人工客服为您服务').waitFor()
    await shoot(page, 'phone-narrow-chat')
    await page.getByRole('banner').getByRole('button', { name: '开发者抽屉' }).click()
    await shoot(page, 'phone-narrow-drawer')
    await stage.close()
  })

  await step('two phones, in the dark', async () => {
    const stage = await openShop()
    const { page, phone } = await stage.open('?phones=2', {
      viewport: { width: 1600, height: 900 },
      colorScheme: 'dark',
    })
    await enter(phone(0))
    await write(phone(0), '有新品吗？', '小程序')
    await enter(phone(1))
    await phone(1)
      .getByRole('button', { name: /可能要发送的小程序/ })
      .first()
      .click()
    await phone(1).getByRole('log').getByText('云朵马克杯 · 今日 8 折').waitFor()
    await write(phone(1), '可以进洗碗机吗？', '云朵马克杯的保养方法')
    await page.getByRole('tab', { name: '故障' }).click()
    await page.getByText('慢 6 秒').click()
    await page.getByRole('button', { name: '添加故障' }).click()
    await page.getByText('还有 1 次').waitFor()
    await shoot(page, 'phone-two')
    await stage.close()
  })

  await step('in English', async () => {
    const stage = await openShop(true)
    const { page, phone } = await stage.open('?lang=en')
    await enter(phone())
    await write(phone(), 'Where is my order?', 'Track it')
    await write(phone(), 'Anything new?', 'Mini Program')
    const drawer = page.getByRole('complementary', { name: 'Developer drawer' })
    await drawer.getByRole('button', { name: /API calls .*Cloud mug/ }).click()
    await shoot(page, 'phone-english')
    await stage.close()
  })
}
