import { z } from 'zod'
import { appInput } from '../control-input.js'
import { verifyUrl } from '../verify-url.js'
import { appOf } from './customer-routes.js'
import { route, type ControlRoute } from './route.js'
import { appView, listOf, verifyView } from './views.js'

const inApp = z.object({ appId: z.string() })

/** Mini Programs. */
export const appRoutes: readonly ControlRoute[] = [
  route({
    method: 'POST',
    path: '/apps',
    summary: 'Adds an app, or gives the one with this appId new settings.',
    body: appInput,
    response: appView,
    handle: ({ world, body, pushHosts }) => {
      pushHosts.check(body.pushUrl)
      return world.platform.addApp(body).view()
    },
  }),
  route({
    method: 'GET',
    path: '/apps',
    summary: 'The apps, without their secrets.',
    response: listOf(appView),
    handle: ({ world }) => ({ items: world.platform.apps.map((app) => app.view()) }),
  }),
  route({
    method: 'DELETE',
    path: '/apps/:appId',
    summary: 'Forgets an app and all that is its own; nothing happens when there is none.',
    params: inApp,
    response: null,
    handle: async ({ world, params }) => {
      await world.removeApp(params.appId)
      return undefined
    },
  }),
  route({
    method: 'POST',
    path: '/apps/:appId/reset',
    summary: 'Forgets all of an app but its settings and its access tokens.',
    params: inApp,
    response: null,
    handle: async ({ world, params }) => {
      await world.resetApp(appOf(world, params.appId).appId)
      return undefined
    },
  }),
  route({
    method: 'POST',
    path: '/apps/:appId/verify',
    summary: 'WeChat’s GET with an echostr, as when the configuration is saved.',
    params: inApp,
    response: verifyView,
    handle: async ({ world, params, pushTimeoutMs }) =>
      verifyUrl(appOf(world, params.appId), world.platform, pushTimeoutMs),
  }),
]
