import { z } from 'zod'
import type { EmulatedApp } from '../app.js'
import { ControlError } from '../control-http.js'
import { enterInput, officialInput, openIdInput, rawInput, userMessageInput } from '../control-input.js'
import type { Delivery, UserView } from '../protocol.js'
import type { PushUnderWay } from '../pusher.js'
import { addCustomer } from '../setup.js'
import { customerInput } from '../setup-input.js'
import type { User } from '../user.js'
import type { World } from '../world.js'
import { afterSequence, listWait, pushWait, since } from './queries.js'
import { route, type ControlRoute } from './route.js'
import { deliveryView, listOf, phoneMessage, userView } from './views.js'

const inApp = z.object({ appId: z.string() })
const inUser = inApp.extend({ openId: openIdInput })

/** What customers do, and what their phones show. */
export const customerRoutes: readonly ControlRoute[] = [
  route({
    method: 'GET',
    path: '/apps/:appId/users',
    summary: 'The customers who have entered or written.',
    params: inApp,
    response: listOf(userView),
    handle: ({ world, params }) => ({
      items: [...appOf(world, params.appId).users]
        .filter(({ known }) => known)
        .map((user) => viewOf(world, user)),
    }),
  }),
  route({
    method: 'POST',
    path: '/apps/:appId/users',
    summary:
      'Adds a customer, with an OpenID of the emulator’s where none is given, and with what they did before.',
    params: inApp,
    body: customerInput,
    emptyBody: {},
    response: userView,
    handle: ({ world, params, body }) => viewOf(world, addCustomer(world, appOf(world, params.appId), body)),
  }),
  route({
    method: 'GET',
    path: '/apps/:appId/users/:openId',
    summary: 'What WeChat would still accept for this customer.',
    params: inUser,
    response: userView,
    handle: ({ world, params }) => viewOf(world, userOf(world, params)),
  }),
  route({
    method: 'GET',
    path: '/apps/:appId/users/:openId/messages',
    summary: 'What that phone shows, oldest first; with `wait` as soon as there is something after `after`.',
    params: inUser,
    query: z.object({ after: afterSequence, wait: listWait }),
    response: listOf(phoneMessage),
    handle: async ({ world, params, query, ctx }) => {
      const look = (): User => {
        const user = userOf(world, params)
        world.official.runs(user)
        return user
      }
      const items = await since(() => look().messages, query, {
        world,
        ctx,
        wakes: (event) =>
          event.type === 'message'
            ? event.message.appId === params.appId && event.message.openId === params.openId
            : event.type === 'app_removed',
      })
      return { items }
    },
  }),
  route({
    method: 'POST',
    path: '/apps/:appId/users/:openId/messages',
    summary:
      'The customer sends a message; the delivery, or no delivery while WeChat’s own agents have them.',
    params: inUser,
    query: pushWait,
    body: userMessageInput,
    response: z.union([
      deliveryView,
      z.strictObject({ message: phoneMessage.nullable(), delivery: z.null() }),
    ]),
    handle: async ({ world, params, query, body }) => {
      const { message, push } = world.actions.send(userOf(world, params), body)
      return push ? settled(push, query) : { message, delivery: null }
    },
  }),
  route({
    method: 'POST',
    path: '/apps/:appId/users/:openId/enter',
    summary: 'The customer taps the contact button.',
    params: inUser,
    query: pushWait,
    body: enterInput,
    emptyBody: {},
    response: deliveryView,
    handle: async ({ world, params, query, body }) => {
      const { sessionFrom = 'wxapp', ...business } = body
      return settled(world.actions.enter(userOf(world, params), sessionFrom, business), query)
    },
  }),
  route({
    method: 'POST',
    path: '/apps/:appId/users/:openId/raw',
    summary: 'Any text as the push’s plaintext, signed, and encrypted as the mode wants.',
    params: inUser,
    query: pushWait,
    body: rawInput,
    response: deliveryView,
    handle: async ({ world, params, query, body }) =>
      settled(world.actions.pushRaw(userOf(world, params), body.plaintext, body.format), query),
  }),
  route({
    method: 'POST',
    path: '/apps/:appId/users/:openId/official',
    summary: 'WeChat’s own agent says something, or closes the conversation.',
    params: inUser,
    body: officialInput,
    response: userView,
    handle: ({ world, params, body }) => {
      const user = userOf(world, params)
      const { official } = world
      const done = body.action === 'say' ? official.say(user, body.content) : official.close(user)
      if (!done)
        throw new ControlError(
          409,
          'no_official_session',
          'WeChat’s own agents do not have this conversation: a push must be answered with transfer_customer_service first.',
        )
      return viewOf(world, user)
    },
  }),
]

/** Throws ControlError (404). */
export function appOf(world: World, appId: string): EmulatedApp {
  const app = world.platform.app(appId)
  if (app) return app
  throw new ControlError(
    404,
    'not_found',
    `There is no app ${appId.slice(0, 64)}; add it: POST /_emulator/apps`,
  )
}

function userOf(world: World, { appId, openId }: z.output<typeof inUser>): User {
  return appOf(world, appId).user(openId)
}

function viewOf(world: World, user: User): UserView {
  world.official.runs(user)
  return user.view(world.platform.clock.now())
}

/** The push once all its attempts are made; at once when it is kept back, or the query says `wait=false`. */
async function settled(
  { delivery, finished }: PushUnderWay,
  { wait }: z.output<typeof pushWait>,
): Promise<Delivery> {
  return wait === 'false' || delivery.state === 'held' ? delivery : finished
}
