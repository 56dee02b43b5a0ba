import type { Middleware } from 'koa'

/** A year, as browsers' lists of such hosts want it. */
const HSTS = 'max-age=31536000'

/**
 * Sets the headers of every response: its type is not guessed, and, where people come by https, browsers come by https
 * alone from then on.
 */
export function safeHeaders(publicUrl: string | undefined): Middleware {
  const isHttps = publicUrl?.startsWith('https:') === true
  return async (ctx, next) => {
    ctx.set('X-Content-Type-Options', 'nosniff')
    if (isHttps) ctx.set('Strict-Transport-Security', HSTS)
    await next()
  }
}
