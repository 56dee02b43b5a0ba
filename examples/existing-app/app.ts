import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import Koa from 'koa'
import { Api, Bot, fileTokenStore, miniProgramLink, webhook, type Settings, type TokenStore } from 'kefu'
import { main } from '../run/main.js'

/** An app that was there before, with its own body parser and routes, and the bot of several Mini Programs in it. */
export function existingApp(shops: readonly Settings[], tokenStore: TokenStore): Koa {
  const app = new Koa()
  const router = new Router()
  router.get('/health', (ctx) => {
    ctx.body = 'ok'
  })
  router.post('/feedback', (ctx) => {
    ctx.body = { received: ctx.request.body }
  })
  app.use(bodyParser())
  app.use(router.routes()).use(router.allowedMethods())

  // From here on it is kefu. Each Mini Program has its own client, all of them share the bot and the token store.
  const apis = new Map(shops.map((shop) => [shop.appId, new Api({ ...shop, tokenStore })]))
  const bot = new Bot({ api: (appId) => apis.get(appId) })
  bot.on('message', (ctx) => {
    const form = miniProgramLink({ appId: ctx.appId, path: 'pages/feedback/index', text: '填写反馈' })
    return ctx.reply(`留言已收到，您也可以${form}。`)
  })
  // WeChat pushes to /wechat/<appid>. Behind the parser is as good as before it.
  app.use(webhook(bot, { path: '/wechat', apps: shops }))

  return app
}

// Several processes of one machine share access tokens by files; several machines by Redis:
// redisTokenStore(new Redis('redis://…')), with ioredis.
await main(import.meta, (...shops) => existingApp(shops, fileTokenStore('data/tokens')), [
  'WECHAT',
  'WECHAT_2',
])
