import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import type { UserMessageInput } from 'kefu/emulator'
import { emulated, type Emulated } from '../run/emulated.js'
import { orderLookup } from './app.js'
import { demoOrders, type FindOrder } from './orders.js'

let findOrder: FindOrder = demoOrders
let wechat: Emulated
beforeAll(async () => {
  wechat = await emulated((settings) => orderLookup(settings, (openId, number) => findOrder(openId, number)))
})
afterEach(async () => {
  findOrder = demoOrders
  vi.restoreAllMocks()
  await wechat.emulator.reset()
})
afterAll(() => wechat.close())

it('answers with the order’s state, a link into the Mini Program and a card with its picture', async () => {
  const customer = wechat.emulator.user('oLin')
  await customer.sends('订单 1024')
  const text = await customer.receives()
  expect(text.content).toMatchObject({
    msgType: 'text',
    content: expect.stringMatching(
      /^订单 1024：已发货.*<a .*data-miniprogram-path="pages\/order\/detail\?id=1024">查看物流<\/a>$/,
    ) as string,
  })
  const card = await customer.receives()
  expect(card.content).toMatchObject({
    msgType: 'miniprogrampage',
    title: '云朵马克杯',
    pagePath: 'pages/order/detail?id=1024',
  })
  if (card.content.msgType !== 'miniprogrampage') throw new Error('not a card')
  const picture = await fetch(new URL(card.content.thumbUrl, wechat.emulator.url))
  expect(picture.headers.get('content-type')).toBe('image/jpeg')
})

it('looks up the order whose card the customer sends from its page', async () => {
  const customer = wechat.emulator.user('oLin')
  await customer.sends({
    msgType: 'miniprogrampage',
    title: '我的订单',
    pagePath: 'pages/order/detail.html?id=1024',
  })
  expect((await customer.receives()).content).toMatchObject({
    content: expect.stringContaining('已发货') as string,
  })
})

it('shows “typing” while the shop’s system is asked', async () => {
  const customer = wechat.emulator.user('oLin')
  let typing: boolean | undefined
  findOrder = async (openId, number) => {
    typing = customer.typing
    return demoOrders(openId, number)
  }
  await customer.sends('订单 1024')
  expect(typing).toBe(true)
})

it('asks for this customer’s orders only', async () => {
  const asked: string[] = []
  findOrder = async (openId, number) => {
    asked.push(`${openId} ${number}`)
    return undefined
  }
  const customer = wechat.emulator.user('oLin')
  await customer.sends('订单9')
  expect(asked).toEqual(['oLin 9'])
  expect((await customer.receives()).content).toMatchObject({ content: '没有找到订单 9，请核对单号。' })
})

it('apologises when the shop’s system is down, and answers again when it is back', async () => {
  const log = vi.spyOn(console, 'error').mockReturnValue()
  findOrder = async () => {
    throw new Error('ECONNREFUSED')
  }
  const customer = wechat.emulator.user('oLin')
  expect(await customer.sends('订单 1024')).toMatchObject({ answer: 'success' })
  expect((await customer.receives()).content).toMatchObject({
    content: '订单系统暂时无法查询，请稍后再试。',
  })
  expect(log).toHaveBeenCalledOnce()

  findOrder = demoOrders
  await customer.sends('订单 1024')
  expect((await customer.receives()).content).toMatchObject({
    content: expect.stringContaining('已发货') as string,
  })
})

it('does not apologise where it is WeChat that refuses the reply', async () => {
  const log = vi.spyOn(console, 'error').mockReturnValue()
  wechat.emulator.faults.add({ path: '/cgi-bin/message/custom/send', errcode: 45047 })
  const customer = wechat.emulator.user('oLin')
  await customer.sends('订单 1024')
  expect(log).toHaveBeenCalledOnce()
  expect(customer.messages.filter(({ from }) => from === 'service')).toEqual([])
})

it.each<UserMessageInput>([
  { msgType: 'text', content: '你好' },
  { msgType: 'miniprogrampage', title: '首页', pagePath: 'pages/index/index' },
])('says what to write to who sends anything else: %o', async (message) => {
  const customer = wechat.emulator.user('oLin')
  await customer.sends(message)
  expect((await customer.receives()).content).toMatchObject({
    content: '发送“订单”加单号即可查询，例如：订单 1024',
  })
})
