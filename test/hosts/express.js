import express from 'express'
import { Api, Bot, pushReceiver, settingsFrom } from 'kefu'

const settings = settingsFrom(process.env)
const bot = new Bot({ api: new Api(settings) })
bot.on('message:text', (ctx) => ctx.reply(`您说：${ctx.message.content}`))
const receive = pushReceiver(bot, settings)

const app = express()
// A parser in front has to keep the bytes, or stand behind the push.
app.use(
  express.json({
    verify(req, _res, bytes) {
      req.rawBody = bytes
    },
  }),
)
app.all('/wechat', async (req, res) => {
  const { status, headers, contentType, body } = await receive({ req })
  res.status(status).set(headers).type(contentType).send(body)
})
app.listen(process.env.PORT ?? 3000)
