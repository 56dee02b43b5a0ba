/** co-wechat on Koa. Its handler returns '', which WeChat takes as success; any other answer costs an encryption. */
import coWechat from 'co-wechat'
import Koa from 'koa'
import { secrets } from '../secrets.js'
import { handle, serve } from './serve.js'

const { appId: appid, token, encodingAESKey } = secrets

const app = new Koa()
app.use(
  coWechat({ appid, token, encodingAESKey }).middleware(async (message) => {
    handle(message.Content)
    return ''
  }),
)
serve(app.callback())
