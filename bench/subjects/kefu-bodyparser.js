/** As kefu.js, in an app that has a body parser already: the body is read, and its JSON parsed, before kefu sees it. */
import { bodyParser } from '@koa/bodyparser'
import Koa from 'koa'
import { Bot, webhook } from '../../modules/index.js'
import { secrets } from '../secrets.js'
import { handle, serve } from './serve.js'

const api = { send: async () => {}, setTyping: async () => {} }
const bot = new Bot({ api })
bot.on('message:text', (ctx) => handle(ctx.message.content))

const app = new Koa()
app.use(bodyParser())
app.use(webhook(bot, { path: '/wechat', ...secrets }))
serve(app.callback())
