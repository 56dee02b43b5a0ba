import { z } from 'zod'
import { modelCallView, modelFaultInput, modelView, profileInput, scriptInput } from '../model/model-input.js'
import { afterSequence, listWait, since } from './queries.js'
import { route, type ControlRoute } from './route.js'
import { listOf } from './views.js'

/** The fake model: an OpenAI-compatible API at /_model/v1. */
export const modelRoutes: readonly ControlRoute[] = [
  route({
    method: 'GET',
    path: '/model',
    summary: 'The fake model: which provider it plays, and what goes wrong with it.',
    response: modelView,
    handle: ({ world }) => world.model.view,
  }),
  route({
    method: 'POST',
    path: '/model/profile',
    summary: 'Plays another provider, with what that one refuses.',
    body: profileInput,
    response: null,
    handle: ({ world, body }) => {
      world.model.play(body.profile)
      return undefined
    },
  }),
  route({
    method: 'POST',
    path: '/model/script',
    summary: 'Has the model say what these lines say, in place of what it would choose.',
    body: scriptInput,
    response: null,
    handle: ({ world, body }) => {
      world.model.script(body.lines)
      return undefined
    },
  }),
  route({
    method: 'POST',
    path: '/model/faults',
    summary: 'Makes the model’s next calls go wrong.',
    body: modelFaultInput,
    response: null,
    handle: ({ world, body }) => {
      world.model.fail(body)
      return undefined
    },
  }),
  route({
    method: 'DELETE',
    path: '/model/faults',
    summary: 'Takes all of the model’s faults away.',
    response: null,
    handle: ({ world }) => {
      world.model.heal()
      return undefined
    },
  }),
  route({
    method: 'GET',
    path: '/model/requests',
    summary: 'The model’s last 1000 calls; with `wait` as soon as there is one after `after`.',
    query: z.object({ after: afterSequence, wait: listWait }),
    response: listOf(modelCallView),
    handle: async ({ world, query, ctx }) => ({
      items: await since(() => [...world.model.calls], query, {
        world,
        ctx,
        wakes: ({ type }) => type === 'model_call',
      }),
    }),
  }),
]
