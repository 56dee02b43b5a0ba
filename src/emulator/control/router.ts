import Router from '@koa/router'
import { controlRoutes } from '../control-routes.js'
import type { Worlds } from '../worlds.js'
import type { ControlParts } from './route.js'

/** Serves the control API: see protocol.ts. */
export function controlRouter(parts: Omit<ControlParts, 'world'> & { readonly worlds: Worlds }): Router {
  const { worlds } = parts
  const router = new Router({ prefix: '/_emulator' })
  for (const route of controlRoutes)
    router.register(route.path, [route.method], (ctx) => {
      const world = route.world === 'none' ? worlds.main : worlds.of(ctx.req, route.world === 'opened')
      return route.run(ctx, ctx.params, { ...parts, world })
    })
  return router
}
