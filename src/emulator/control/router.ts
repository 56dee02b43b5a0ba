import Router from '@koa/router'
import { controlRoutes } from '../control-routes.js'
import type { ControlParts } from './route.js'

/** Serves the control API: see protocol.ts. */
export function controlRouter(parts: ControlParts): Router {
  const router = new Router({ prefix: '/_emulator' })
  for (const route of controlRoutes)
    router.register(route.path, [route.method], (ctx) => route.run(ctx, ctx.params, parts))
  return router
}
