import { fileURLToPath } from 'node:url'
import Koa from 'koa'
import { Api, Bot, KefuError, miniProgramLink, webhook, type Context, type Settings } from 'kefu'
import { main } from '../run/main.js'
import { demoOrders, type FindOrder } from './orders.js'
import { picture } from './picture.js'

/** Looks orders up: by 「订单 1024」, and by the card that the contact button of an order's page offers to send. */
export function orderLookup(settings: Settings, findOrder: FindOrder): Koa {
  const api = new Api(settings)
  const cover = picture(api, fileURLToPath(new URL('cover.jpg', import.meta.url)))
  const bot = new Bot({ api })

  bot.hears(/^订单\s*(\d+)$/, (ctx) => answer(ctx, ctx.match[1]))
  bot.on('message:miniprogrampage', (ctx, next) => {
    const [, query] = ctx.message.pagePath.split('?')
    const number = new URLSearchParams(query).get('id')
    return number ? answer(ctx, number) : next()
  })
  bot.on('message', (ctx) => ctx.reply('发送“订单”加单号即可查询，例如：订单 1024'))

  async function answer(ctx: Context, number = ''): Promise<void> {
    await ctx.setTyping() // the customer sees 「对方正在输入…」 while the shop's system is asked
    const order = await findOrder(ctx.openId, number)
    if (!order) return ctx.reply(`没有找到订单 ${number}，请核对单号。`)

    const pagePath = `pages/order/detail?id=${order.number}`
    const link = miniProgramLink({ appId: ctx.appId, path: pagePath, text: '查看物流' })
    await ctx.reply(`订单 ${order.number}：${order.status}。${link}`)
    await ctx.reply({ msgType: 'miniprogrampage', title: order.goods, pagePath, thumbMediaId: await cover() })
  }

  bot.catch(async (error, ctx) => {
    console.error(`push ${ctx.push.id}:`, error)
    // Where it is WeChat that failed, an apology would not get through either.
    if (!(error instanceof KefuError)) await ctx.reply('订单系统暂时无法查询，请稍后再试。')
  })

  return new Koa().use(webhook(bot, { path: '/wechat', ...settings }))
}

await main(import.meta, (settings) => orderLookup(settings, demoOrders))
