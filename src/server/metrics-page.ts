import type { Context, Middleware } from 'koa'
import type { ClientAddress } from '../http/client-address.js'
import { HttpError } from '../http/http-error.js'
import type { Metrics } from './metrics.js'

export interface MetricsPageOptions {
  readonly metrics: Pick<Metrics, 'registry'>
  readonly client: Pick<ClientAddress, 'isLocal'>
  /** Whether a request shows KEFU_API_KEY. Throws HttpError when it shows a wrong one. */
  readonly showsKey: (ctx: Context) => Promise<boolean>
}

/** `/metrics`, for Prometheus: with the API key; without it only from this machine itself. */
export function metricsPage({ metrics, client, showsKey }: MetricsPageOptions): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/metrics') {
      await next()
      return
    }
    if (!client.isLocal(ctx.req) && !(await showsKey(ctx)))
      throw new HttpError(
        'unauthorized',
        'The metrics are read with Authorization: Bearer and the KEFU_API_KEY. Without it they are read only on this machine, by a loopback name, where neither KEFU_PUBLIC_URL nor KEFU_TRUST_PROXY is set.',
      )
    ctx.set('Cache-Control', 'no-store')
    ctx.body = await metrics.registry.metrics()
    ctx.type = metrics.registry.contentType
  }
}
