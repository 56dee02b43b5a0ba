import type { Context, Middleware } from 'koa'
import { HttpError } from './error-form.js'
import type { Metrics } from './metrics.js'

export interface HealthOptions {
  /** Whether the service takes and handles pushes; a sentence says why not. */
  readonly problem: () => Promise<string | undefined>
}

/** `/healthz`: the process is alive. `/readyz`: it takes and handles pushes, so traffic may come. */
export function healthPages({ problem }: HealthOptions): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/healthz' && ctx.path !== '/readyz') {
      await next()
      return
    }
    ctx.set('Cache-Control', 'no-store')
    if (ctx.path === '/healthz') ctx.body = { status: 'ok' }
    else {
      const why = await problem()
      if (why !== undefined) throw new HttpError(503, 'not_ready', why)
      ctx.body = { status: 'ready' }
    }
  }
}

export interface MetricsPageOptions {
  readonly metrics: Metrics
  /** Whether a request may see the page. */
  readonly mayRead: (ctx: Context) => boolean
}

/** `/metrics`, for Prometheus. */
export function metricsPage({ metrics, mayRead }: MetricsPageOptions): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/metrics') {
      await next()
      return
    }
    if (!mayRead(ctx))
      throw new HttpError(
        401,
        'unauthorized',
        'The metrics are read from this machine, or with Authorization: Bearer and the KEFU_API_KEY.',
      )
    ctx.body = await metrics.registry.metrics()
    ctx.type = metrics.registry.contentType
  }
}
