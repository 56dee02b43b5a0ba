import { clockInput, faultInput, quirksInput } from '../control-input.js'
import { route, type ControlRoute } from './route.js'
import { clockView, faultView, listOf, quirksView } from './views.js'

/** Faults, the clock and WeChat's odd ways. */
export const troubleRoutes: readonly ControlRoute[] = [
  route({
    method: 'GET',
    path: '/faults',
    summary: 'What will still go wrong.',
    response: listOf(faultView),
    handle: ({ world }) => ({ items: world.faults.items }),
  }),
  route({
    method: 'POST',
    path: '/faults',
    summary: 'Makes something go wrong the next times.',
    body: faultInput,
    response: faultView,
    handle: ({ world, body }) => world.faults.add(body),
  }),
  route({
    method: 'DELETE',
    path: '/faults',
    summary: 'Takes all faults away; pushes that were kept back are made.',
    response: null,
    handle: ({ world }) => {
      world.faults.clear()
      return undefined
    },
  }),
  route({
    method: 'GET',
    path: '/clock',
    summary: 'The emulator’s clock.',
    response: clockView,
    handle: ({ world }) => world.platform.clock.view(),
  }),
  route({
    method: 'POST',
    path: '/clock',
    summary: 'Puts the clock forward: allowances, tokens and media age.',
    body: clockInput,
    response: clockView,
    handle: ({ world, body }) => {
      world.advance(body.advanceMs)
      return world.platform.clock.view()
    },
  }),
  route({
    method: 'GET',
    path: '/quirks',
    summary: 'WeChat’s odd ways, true where they are played.',
    response: quirksView,
    handle: ({ world }) => world.quirks.now,
  }),
  route({
    method: 'POST',
    path: '/quirks',
    summary: 'Switches some of them.',
    body: quirksInput,
    response: quirksView,
    handle: ({ world, body }) => world.quirks.set(body),
  }),
]
