// bot.js
import Koa from 'koa'
import { Api, Bot, settingsFrom, webhook } from 'kefu'

const settings = settingsFrom(process.env)
const bot = new Bot({ api: new Api(settings) })

bot.hears(/^(人工|转人工|客服)$/, (ctx) => ctx.transfer())
bot.on('message:text', (ctx) => ctx.reply(`您说：${ctx.message.content}`))
bot.on('message', (ctx) => ctx.reply('请发文字给我。'))

new Koa().use(webhook(bot, { path: '/wechat', ...settings })).listen(process.env.PORT ?? 3000)
