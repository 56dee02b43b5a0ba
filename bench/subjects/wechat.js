/** wechat, made for Connect and Express; here on bare node:http, which is faster than both. */
import { parse } from 'node:url'
import wechat from 'wechat'
import { secrets } from '../secrets.js'
import { handle, serve } from './serve.js'

const { appId: appid, token, encodingAESKey } = secrets

const middleware = wechat({ appid, token, encodingAESKey }, (req, res) => {
  handle(req.weixin.Content)
  res.reply('')
})

serve((req, res) => {
  req.query = parse(req.url, true).query
  middleware(req, res, (error) => {
    res.writeHead(500).end(String(error))
  })
})
