import Fastify from 'fastify'
import { Api, Bot, pushReceiver, settingsFrom } from 'kefu'

const settings = settingsFrom(process.env)
const bot = new Bot({ api: new Api(settings) })
bot.on('message:text', (ctx) => ctx.reply(`您说：${ctx.message.content}`))
const receive = pushReceiver(bot, settings)

const app = Fastify()
// In a scope of its own: the other routes keep their parsers.
app.register(async (scope) => {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => done(null, bytes))
  scope.all('/wechat', async (request, reply) => {
    const parsed = { rawBody: request.body }
    const { status, headers, contentType, body } = await receive({ req: request.raw, parsed })
    return reply.code(status).headers(headers).type(contentType).send(body)
  })
})
await app.listen({ port: Number(process.env.PORT ?? 3000) })
