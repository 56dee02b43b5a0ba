import type { Context } from 'koa'
import type { Store } from '../../store/index.js'
import { route, type Route } from '../../http/route.js'
import { deskSettings, deskSettingsInput } from '../schemas/settings-view.js'
import { changeSettings, readSettings } from '../settings.js'

export interface SettingsRoutesOptions {
  readonly store: Store
  readonly addressOf: (ctx: Context) => string
  readonly now: () => number
}

/** How the desk is run. */
export function settingsRoutes({ store, addressOf, now }: SettingsRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/settings',
      summary: 'How the desk is run: when conversations go back or close by themselves, the time zone.',
      access: 'agent',
      response: deskSettings,
      handle: async () => readSettings(store),
    }),
    route({
      method: 'PUT',
      path: '/settings',
      summary: 'Changes what is given and leaves the rest.',
      access: 'admin',
      body: deskSettingsInput,
      response: deskSettings,
      handle: async ({ body, principal, ctx }) =>
        changeSettings(store, body, now(), { actor: principal, address: addressOf(ctx) }),
    }),
  ]
}
