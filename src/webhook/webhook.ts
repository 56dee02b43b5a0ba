import type { Middleware as KoaMiddleware } from 'koa'
import type { Bot } from '../bot/index.js'
import type { Inbox } from './inbox.js'
import { pushReceiver, type WebhookOptions } from './receiver.js'

/**
 * Koa middleware that answers WeChat: GET with the echostr, POST with what the bot decides, in time. Each push
 * is verified, decrypted, known if it is a repeat, and handled in its conversation's order.
 * Throws ConfigError when the options can't work.
 */
export function webhook(target: Bot | Inbox, options: WebhookOptions): KoaMiddleware {
  const receive = pushReceiver(target, options)
  return async (ctx, next) => {
    const { method, path, querystring, req, request: parsed } = ctx
    const replying = receive({ method, path, querystring, req, parsed })
    if (!replying) {
      await next()
      return
    }
    const { status, body, contentType, headers } = await replying
    ctx.set(headers)
    ctx.set('X-Content-Type-Options', 'nosniff')
    ctx.status = status
    ctx.type = contentType
    ctx.body = body
  }
}
