import Koa from 'koa'
import { Api, Bot, webhook, type Context, type Settings } from 'kefu'
import { main } from '../run/main.js'
import { isOfficeHour } from './office-hours.js'

/** Rules of thumb for giving a customer to people, by WeChat's own agent tool. */
export function transfer(settings: Settings, now = Date.now): Koa {
  const bot = new Bot({ api: new Api(settings) })

  const toPeople = async (ctx: Context): Promise<void> => {
    if (isOfficeHour(now())) ctx.transfer()
    // With nobody there WeChat would let the customer wait in silence.
    else await ctx.reply('人工客服在工作日 9:00–18:00 在线。请先留言，我们上班后第一时间回复您。')
  }

  // Begin with what the customer was looking at (the button's session-from), and name the way to a person.
  bot.on('event:user_enter_tempsession', (ctx) => {
    const [, order] = /^order:(\d+)$/.exec(ctx.event.sessionFrom) ?? []
    const subject = order ? `想咨询订单 ${order} 吗？` : '请问有什么可以帮您？'
    return ctx.reply(`您好！${subject}回复“人工”转接客服。`)
  })

  // Who asks for a person gets one at once: no menu, no "are you sure".
  bot.hears(/^(转?人工|人工客服|找?客服)$/, toPeople)
  // So does who is upset, and who shows what a bot can't see.
  bot.hears(/投诉|退款|退货|差评/, toPeople)
  bot.on('message:image', toPeople)

  bot.hears(/发货|快递|物流/, (ctx) => ctx.reply('下单后 48 小时内发货，单号会出现在订单详情里。'))

  // Not understood: say so, and name the way out. Never leave a message without an answer.
  bot.on('message', (ctx) => ctx.reply('抱歉，我没听懂。请换个说法，或回复“人工”转接客服。'))

  return new Koa().use(webhook(bot, { path: '/wechat', ...settings }))
}

await main(import.meta, (settings) => transfer(settings))
