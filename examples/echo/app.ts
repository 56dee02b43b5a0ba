import Koa from 'koa'
import { Api, Bot, webhook, type Settings } from 'kefu'
import { main } from '../run/main.js'

/** The smallest bot: it says back what the customer says. */
export function echo(settings: Settings): Koa {
  const bot = new Bot({ api: new Api(settings) })

  bot.on('message:text', (ctx) => ctx.reply(`您说：${ctx.message.content}`))
  bot.on('message', (ctx) => ctx.reply('请发文字给我。'))

  return new Koa().use(webhook(bot, { path: '/wechat', ...settings }))
}

await main(import.meta, echo)
