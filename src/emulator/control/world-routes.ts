import { z } from 'zod'
import type { Context } from 'koa'
import { identifier } from '../control-input.js'
import type { WorldView } from '../protocol-setup.js'
import { worldInput } from '../setup-input.js'
import { openWorld } from './open-world.js'
import { route, type ControlRoute } from './route.js'
import { listOf, worldView } from './views.js'

/** Worlds beside the one at the emulator's own address. */
export const worldRoutes: readonly ControlRoute[] = [
  route({
    method: 'GET',
    path: '/worlds',
    summary: 'The worlds besides the one at the emulator’s own address.',
    world: 'none',
    response: listOf(worldView),
    handle: ({ worlds, ctx }) => ({ items: worlds.names.map((name) => viewOf(name, ctx)) }),
  }),
  route({
    method: 'POST',
    path: '/worlds',
    summary: 'Makes a world, with what there is in it at the start; 409 when there is one of that name.',
    world: 'none',
    body: worldInput,
    response: worldView,
    handle: ({ worlds, body, pushHosts, ctx }) => {
      pushHosts.checkAll(body.apps)
      openWorld(worlds, body)
      return viewOf(body.name, ctx)
    },
  }),
  route({
    method: 'DELETE',
    path: '/worlds/:world',
    summary: 'Ends a world and forgets all of it; nothing happens when there is none.',
    world: 'none',
    params: z.object({ world: identifier }),
    response: null,
    handle: async ({ worlds, params }) => {
      await worlds.remove(params.world)
      return undefined
    },
  }),
]

/** Its address by the name that the caller has for the emulator. */
function viewOf(name: string, ctx: Context): WorldView {
  return { name, url: `${ctx.protocol}://${ctx.host}/w/${name}` }
}
