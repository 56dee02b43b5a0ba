import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { send } from '@koa/send'
import { HttpError, type Middleware } from 'koa'

/** Where the build puts the page: the same from src/emulator and from dist/emulator. */
const builtPage = fileURLToPath(new URL('../../dist/web/phone/', import.meta.url))

const contentSecurityPolicy =
  "default-src 'self'; img-src 'self' data: blob: https: http:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

/** The phone: `/` and the files that belong to it. Leaves other requests to whoever comes next. */
export function phonePage(root: string = builtPage): Middleware {
  return async (ctx, next) => {
    if ((ctx.method !== 'GET' && ctx.method !== 'HEAD') || !isPageFile(ctx.path)) {
      await next()
      return
    }
    ctx.set('content-security-policy', contentSecurityPolicy)
    ctx.set('x-content-type-options', 'nosniff')
    ctx.set('cache-control', 'no-cache')
    if (!existsSync(`${root}/index.html`)) {
      ctx.status = ctx.path === '/' ? 503 : 404
      ctx.body = 'The phone page is not built here. Build it once: npm run build:web\n'
      return
    }
    // Koa's send throws for what is not there or outside: no failure of the server.
    await send(ctx, ctx.path, { root, index: 'index.html' }).catch((error: unknown) => {
      if (!(error instanceof HttpError && error.status < 500)) throw error
      ctx.status = 404
    })
  }
}

/** `/`, and files by their extension: no path of the API has one. */
export function isPageFile(path: string): boolean {
  return path === '/' || (/\.\w{1,8}$/.test(path) && !path.startsWith('/cgi-bin/'))
}
