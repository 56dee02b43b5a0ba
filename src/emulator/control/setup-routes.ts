import { z } from 'zod'
import { ControlError } from '../control-http.js'
import { applySetup } from '../setup.js'
import { setupInput, stubInput } from '../setup-input.js'
import { route, type ControlRoute } from './route.js'
import { listOf, setupView, stubView } from './views.js'

/** What there is at the start, and answers for paths that the emulator does not play. */
export const setupRoutes: readonly ControlRoute[] = [
  route({
    method: 'POST',
    path: '/seed',
    summary: 'Adds apps, customers, faults and stubs in one go, as a seed file does.',
    body: setupInput,
    response: setupView,
    handle: ({ world, body, pushHosts }) => {
      pushHosts.checkAll(body.apps)
      return applySetup(world, body)
    },
  }),
  route({
    method: 'GET',
    path: '/stubs',
    summary: 'Answers for paths that the emulator does not play.',
    response: listOf(stubView),
    handle: ({ world }) => ({ items: world.stubs.items }),
  }),
  route({
    method: 'POST',
    path: '/stubs',
    summary: 'Adds one; without `times` it takes the place of the one before.',
    body: stubInput,
    response: stubView,
    handle: ({ world, body }) => world.stubs.add(body),
  }),
  route({
    method: 'DELETE',
    path: '/stubs',
    summary: 'Takes all of them away.',
    response: null,
    handle: ({ world }) => {
      world.stubs.clear()
      return undefined
    },
  }),
  route({
    method: 'DELETE',
    path: '/stubs/:stubId',
    summary: 'Takes one away.',
    params: z.object({ stubId: z.string() }),
    response: null,
    handle: ({ world, params }) => {
      if (world.stubs.remove(params.stubId)) return undefined
      throw new ControlError(404, 'not_found', 'There is no such stub; GET /_emulator/stubs lists them.')
    },
  }),
]
