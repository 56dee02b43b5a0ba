// Not kefu's: co-wechat, whose faults `kefu check` must find. scripts/test-hosts.js says which they are.
import coWechat from 'co-wechat'
import Koa from 'koa'

const { WECHAT_APP_ID: appid, WECHAT_TOKEN: token, WECHAT_ENCODING_AES_KEY: encodingAESKey } = process.env

const app = new Koa()
// It answers what it can't read with 500, and says so for each.
app.silent = true
app.use(coWechat({ appid, token, encodingAESKey }).middleware(async () => ''))
app.listen(process.env.PORT ?? 3000)
