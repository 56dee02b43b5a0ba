import type { Middleware } from 'koa'
import { showsApiKey } from '../desk/index.js'
import { ClientAddress } from './client-address.js'
import type { Config } from './config.js'
import { HttpError } from './error-form.js'
import type { Metrics } from './metrics.js'

/** `/metrics`, for Prometheus: from this machine, or with the API key. */
export function metricsPage({ metrics, config }: { metrics: Metrics; config: Config }): Middleware {
  const client = new ClientAddress(config.trustedProxies)
  return async (ctx, next) => {
    if (ctx.path !== '/metrics') {
      await next()
      return
    }
    if (!client.isLocal(ctx.req) && !showsApiKey(ctx.get('authorization'), config.apiKey))
      throw new HttpError(
        401,
        'unauthorized',
        'The metrics are read from this machine, or with Authorization: Bearer and the KEFU_API_KEY.',
      )
    ctx.body = await metrics.registry.metrics()
    ctx.type = metrics.registry.contentType
  }
}
