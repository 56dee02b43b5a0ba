import type { Context } from 'koa'
import { z } from 'zod'
import {
  mayUse,
  notFound,
  Refusal,
  refusalFor,
  route,
  writeAudit,
  type AuditAction,
  type Principal,
  type Route,
} from '../../desk/index.js'
import { appChange, appInput, appView } from '../../desk/schemas/app-view.js'
import { listOf } from '../../desk/schemas/list.js'
import type { Store } from '../../store/index.js'
import type { Apps, AppView } from '../apps.js'
import { pushUrl } from '../banner.js'
import type { Config } from '../config.js'

export interface AppRoutesOptions {
  readonly apps: Apps
  readonly config: Pick<Config, 'publicUrl'>
  readonly store: Store
  readonly now: () => number
  readonly addressOf: (ctx: Context) => string
}

export const byAppId = z.object({ id: z.string().regex(/^[\w-]{1,64}$/) })

/** The Mini Programs that this service serves. */
export function appRoutes({ apps, config, store, now, addressOf }: AppRoutesOptions): Route[] {
  const viewOf = (app: AppView) => ({ ...app, pushUrl: pushUrl(config, app.appId) })
  /** Throws Refusal (404) also when it is not for whoever asks. */
  function found(appId: string, principal: Principal): AppView {
    const app = apps.list.find((each) => each.appId === appId)
    if (!app || !mayUse(principal, appId)) throw notFound()
    return app
  }
  function ours(appId: string, principal: Principal): AppView {
    const app = found(appId, principal)
    if (app.source === 'environment')
      throw refusalFor(
        'app_fixed',
        'conflict',
        `${appId} is configured by WECHAT_APP_ID and can be changed only there.`,
      )
    return app
  }
  async function note(action: AuditAction, appId: string, principal: Principal, ctx: Context): Promise<void> {
    const entry = { actor: principal, action, target: `app:${appId}`, appId, address: addressOf(ctx) }
    await writeAudit(store.db, now(), entry)
  }

  return [
    route({
      method: 'GET',
      path: '/apps',
      summary: 'The Mini Programs that are served here, without their secrets.',
      access: 'agent',
      answer: listOf(appView),
      handle: async ({ principal }) => ({
        items: apps.list.filter(({ appId }) => mayUse(principal, appId)).map(viewOf),
        next: null,
      }),
    }),
    route({
      method: 'POST',
      path: '/apps',
      summary: 'Adds a Mini Program.',
      access: 'admin',
      body: appInput,
      status: 201,
      answer: appView,
      async handle({ body, principal, ctx }) {
        const { appId, name = appId, mode, appSecret, token, encodingAESKey } = body
        if (!mayUse(principal, appId))
          throw new Refusal('forbidden', `${appId} is not one of the Mini Programs that are yours.`)
        if (apps.list.some((each) => each.appId === appId))
          throw refusalFor('app_exists', 'conflict', `${appId} is here already: change it with PATCH.`)
        await apps.save({ appId, name, mode, appSecret, token, encodingAESKey })
        await note('app_added', appId, principal, ctx)
        return viewOf(found(appId, principal))
      },
    }),
    route({
      method: 'PATCH',
      path: '/apps/:id',
      summary: 'Changes a Mini Program; what is not given stays.',
      access: 'admin',
      params: byAppId,
      body: appChange,
      answer: appView,
      async handle({ params: { id }, body, principal, ctx }) {
        ours(id, principal)
        const before = apps.settingsOf(id)
        if (!before) throw notFound()
        const { name = before.name, mode = before.mode, appSecret = before.appSecret } = body
        const { token = before.token, encodingAESKey = before.encodingAESKey } = body
        await apps.save({ appId: id, name, mode, appSecret, token, encodingAESKey })
        await note('app_changed', id, principal, ctx)
        return viewOf(found(id, principal))
      },
    }),
    route({
      method: 'DELETE',
      path: '/apps/:id',
      summary: 'Forgets a Mini Program and its secrets; its conversations stay.',
      access: 'admin',
      params: byAppId,
      answer: null,
      async handle({ params: { id }, principal, ctx }) {
        ours(id, principal)
        await apps.remove(id)
        await note('app_removed', id, principal, ctx)
      },
    }),
  ]
}
