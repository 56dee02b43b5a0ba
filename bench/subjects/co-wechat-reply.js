/** co-wechat answering each message with a text: in the answer to the push itself, as official accounts may. */
import coWechat from 'co-wechat'
import Koa from 'koa'
import { secrets } from '../secrets.js'
import { reply } from './rules.js'
import { handle, serve } from './serve.js'

const { appId: appid, token, encodingAESKey } = secrets

const app = new Koa()
app.use(
  coWechat({ appid, token, encodingAESKey }).middleware(async (message) => {
    handle(message.Content)
    return reply
  }),
)
serve(app.callback())
