import 'reflect-metadata'
import type { IncomingMessage } from 'node:http'
import { All, Controller, Module, Req, Res } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Api, Bot, pushReceiver, settingsFrom } from 'kefu'

const settings = settingsFrom(process.env)
const bot = new Bot({ api: new Api(settings) })
bot.on('message:text', (ctx) => ctx.reply(`您说：${ctx.message.content}`))
const receive = pushReceiver(bot, settings)

@Controller()
class WechatController {
  @All('wechat')
  async push(@Req() req: IncomingMessage, @Res() res: any): Promise<void> {
    const { status, headers, contentType, body } = await receive({ req })
    res.status(status).set(headers).type(contentType).send(body)
  }
}

@Module({ controllers: [WechatController] })
class AppModule {}

// rawBody keeps the bytes that Nest's own parsers read.
const app = await NestFactory.create(AppModule, { rawBody: true, logger: ['error'] })
await app.listen(process.env.PORT ?? 3000)
