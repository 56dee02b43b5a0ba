import Koa from 'koa'
import { koaBody } from 'koa-body'
import { Api, Bot, settingsFrom, webhook } from 'kefu'

const settings = settingsFrom(process.env)
const bot = new Bot({ api: new Api(settings) })
bot.on('message:text', (ctx) => ctx.reply(`您说：${ctx.message.content}`))

const app = new Koa()
// In front of the parser, webhook() reads the push itself, whatever its form.
app.use(webhook(bot, { path: '/wechat', ...settings }))
app.use(koaBody())
app.listen(process.env.PORT ?? 3000)
