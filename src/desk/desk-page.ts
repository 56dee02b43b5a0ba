import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { send } from '@koa/send'
import { HttpError, type Middleware } from 'koa'

/** Where the build puts the page: the same from src/desk and from dist/desk. */
const builtPage = fileURLToPath(new URL('../../dist/web/desk/', import.meta.url))

/** Scripts, styles and requests of our own only; pictures also from the page itself (`blob:` before they are sent, `data:` its icon). */
const contentSecurityPolicy =
  "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

/** The desk: `/` and the files that belong to it. Leaves other requests to whoever comes next. */
export function deskPage(root: string = builtPage): Middleware {
  return async (ctx, next) => {
    const isFile = ctx.path.startsWith('/assets/')
    if ((ctx.method !== 'GET' && ctx.method !== 'HEAD') || !(isFile || ctx.path === '/')) {
      await next()
      return
    }
    ctx.set('content-security-policy', contentSecurityPolicy)
    ctx.set('x-content-type-options', 'nosniff')
    ctx.set('referrer-policy', 'no-referrer')
    ctx.set('cross-origin-opener-policy', 'same-origin')
    if (!existsSync(`${root}/index.html`)) {
      ctx.status = isFile ? 404 : 503
      ctx.body = 'The desk is not built here. Build it once: npm run build:web\n'
      return
    }
    // Koa's send throws for what is not there or outside: no failure of the server.
    await send(ctx, ctx.path, {
      root,
      index: 'index.html',
      hidden: false,
      // A file's name holds its content's hash; the page names the files.
      setHeaders: (res) => {
        res.setHeader('cache-control', isFile ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    }).catch((error: unknown) => {
      if (!(error instanceof HttpError && error.status < 500)) throw error
      ctx.status = 404
    })
  }
}
