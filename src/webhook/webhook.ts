import type { Middleware as KoaMiddleware } from 'koa'
import type { Bot } from '../bot/index.js'
import { consoleLogger } from '../log.js'
import type { Inbox } from './inbox.js'
import { pushReceiver, type WebhookOptions } from './receiver.js'
import { lacksGet, looksLikePush, StrayPushes } from './route-hints.js'

/**
 * Koa middleware that answers WeChat: GET with the echostr, POST with what the bot decides, in time. Each push
 * is verified, decrypted, known if it is a repeat, and handled in its conversation's order.
 * Throws ConfigError when the options can't work.
 */
export function webhook(target: Bot | Inbox, options: WebhookOptions): KoaMiddleware {
  const receive = pushReceiver(target, options)
  const { logger = consoleLogger, now = Date.now, path: right } = options
  const stray = new StrayPushes({ logger, now, right: right ?? 'another path' })
  let isRouteLookedAt = false
  return async (ctx, next) => {
    const { method, path, querystring, req, request: parsed } = ctx
    const replying = receive({ method, path, querystring, req, parsed })
    if (!replying) {
      await next()
      if (ctx.status === 404 && looksLikePush(querystring)) stray.note(method, path)
      return
    }
    const { status, body, contentType, headers } = await replying
    ctx.set(headers)
    ctx.set('X-Content-Type-Options', 'nosniff')
    ctx.status = status
    ctx.type = contentType
    ctx.body = body
    if (isRouteLookedAt || method !== 'POST' || status !== 200) return
    isRouteLookedAt = true
    if (lacksGet(ctx))
      logger.warn(
        { path },
        'the route of the pushes takes POST and no GET, by which WeChat asks whether the URL is ours before it is saved: use router.all in place of router.post',
      )
  }
}
