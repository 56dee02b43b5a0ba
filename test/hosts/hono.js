import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { Api, Bot, pushReceiver, settingsFrom } from 'kefu'

const settings = settingsFrom(process.env)
const bot = new Bot({ api: new Api(settings) })
bot.on('message:text', (ctx) => ctx.reply(`您说：${ctx.message.content}`))
const receive = pushReceiver(bot, settings)

const app = new Hono()
app.all('/wechat', async (c) => {
  const { status, headers, contentType, body } = await receive({ req: c.env.incoming })
  return c.body(body, status, { ...headers, 'content-type': contentType })
})
serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) })
