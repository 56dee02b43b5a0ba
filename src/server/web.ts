import Koa, { type Context, type Middleware } from 'koa'
import type { Config } from '../config/config.js'
import { deskPage } from '../desk/desk-page.js'
import { deskApi } from '../http/api.js'
import type { ClientAddress } from '../http/client-address.js'
import { errorForm } from '../http/error-form.js'
import { rateLimit } from '../http/rate-limit.js'
import { RefusedRequests } from '../http/refused-requests.js'
import type { Route } from '../http/route.js'
import { safeHeaders } from '../http/safe-headers.js'
import type { Logger } from '../log.js'
import type { Store } from '../store/index.js'
import type { ApiAccess } from '../people/api-access.js'
import { closingConnections, type Phase } from './closing.js'
import type { Runtime } from './core.js'
import { healthPages } from './health.js'
import { countedErrors } from './known-errors.js'
import { metricsPage } from './metrics-page.js'
import type { Metrics } from './metrics.js'
import type { WriteProbe } from './write-probe.js'

export interface WebOptions {
  readonly config: Pick<Config, 'publicUrl'>
  readonly store: Store
  readonly writes: WriteProbe
  readonly metrics: Metrics
  readonly client: ClientAddress
  readonly access: Pick<ApiAccess, 'bearerKeys' | 'principalOf' | 'ahead'>
  readonly routes: readonly Route[]
  /** Pages that stand behind all others. */
  readonly pages: readonly Middleware[]
  readonly phase: () => Phase
  readonly logger: Logger
  readonly now: () => number
  readonly wait: Runtime['wait']
}

/** Everything that the service answers but pushes, in the order in which a request goes through it. */
export function webServer({
  config,
  store,
  writes,
  metrics,
  client,
  access,
  routes,
  pages,
  phase,
  logger,
  now,
  wait,
}: WebOptions): ReturnType<Koa['callback']> {
  const { bearerKeys, principalOf, ahead } = access
  const addressOf = (ctx: Context): string => client.of(ctx.req)
  // Refusals are logged, so that whoever runs the service sees who tries what.
  const refused = new RefusedRequests({ logger, now, addressOf })
  const web = new Koa()
    .use(safeHeaders(config.publicUrl))
    .use(errorForm({ logger, known: countedErrors(metrics), onRefused: refused.noteAnswer }))
    .use(closingConnections(phase))
    .use(rateLimit({ logger, now, client, principalOf: ahead }))
    .use(healthPages({ store, writes, wait, phase }))
    .use(metricsPage({ metrics, client, showsKey: (ctx) => bearerKeys.showsOwn(ctx) }))
    .use(deskApi(routes, { principalOf, now, onRefused: refused.noteCall }))
    .use(deskPage())
  for (const page of pages) web.use(page)
  web.on('error', (err: unknown) => logger.debug({ err }, 'an answer could not be delivered'))
  return web.callback()
}
