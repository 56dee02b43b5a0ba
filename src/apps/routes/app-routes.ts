import type { Context } from 'koa'
import { z } from 'zod'
import { mayUse, type Principal } from '../../http/principal.js'
import { notFound, httpErrorFor } from '../../http/http-error.js'
import { route, type Route } from '../../http/route.js'
import { writeAudit, type AuditAction } from '../../people/audit.js'
import type { Submits } from '../../people/submits.js'
import { appChange, appInput, appView } from '../schemas/app-view.js'
import { listOf } from '../../http/schemas/list.js'
import type { Store } from '../../store/index.js'
import type { AppSettings } from '../../config/app-settings.js'
import type { Apps, AppView } from '../apps.js'
import { pushUrl } from '../push-url.js'
import type { Config } from '../../config/config.js'

export interface AppRoutesOptions {
  readonly apps: Apps
  readonly config: Pick<Config, 'publicUrl'>
  readonly submits: Submits
  readonly store: Store
  readonly now: () => number
  readonly addressOf: (ctx: Context) => string
}

export const byAppId = z.object({ id: z.string().regex(/^[\w-]{1,64}$/) })

/** The Mini Programs that this service serves. */
export function appRoutes({ apps, config, submits, store, now, addressOf }: AppRoutesOptions): Route[] {
  const viewOf = (app: AppView, principal: Principal) => ({
    ...app,
    pushUrl: pushUrl(config, app.appId),
    sharesTokenWith: apps.sharingTokenWith(app.appId).filter((appId) => mayUse(principal, appId)),
  })
  /** Throws HttpError (404) also when it is not for whoever asks. */
  function found(appId: string, principal: Principal): AppView {
    const app = apps.list.find((each) => each.appId === appId)
    if (!app || !mayUse(principal, appId)) throw notFound()
    return app
  }
  function ours(appId: string, principal: Principal): AppView {
    const app = found(appId, principal)
    if (app.source === 'environment')
      throw httpErrorFor(
        'app_fixed',
        'conflict',
        `${appId} is configured by WECHAT_APP_ID and can be changed only there.`,
        { appId },
      )
    return app
  }
  async function note(
    action: AuditAction,
    appId: string,
    { principal, ctx }: { readonly principal: Principal; readonly ctx: Context },
    detail?: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const entry = { actor: principal, action, target: `app:${appId}`, appId, address: addressOf(ctx), detail }
    await writeAudit(store.db, now(), entry)
  }

  return [
    route({
      method: 'GET',
      path: '/apps',
      summary: 'The Mini Programs that are served here, without their secrets.',
      access: 'agent',
      response: listOf(appView),
      handle: async ({ principal }) => ({
        items: apps.list.filter(({ appId }) => mayUse(principal, appId)).map((app) => viewOf(app, principal)),
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
      response: appView,
      async handle({ body: { clientId, ...input }, principal, ctx }) {
        const { appId, name = appId, mode, appSecret, token, encodingAESKey } = input
        if (!mayUse(principal, appId))
          throw httpErrorFor(
            'app_foreign',
            'forbidden',
            `${appId} is not one of the Mini Programs that are yours.`,
            { appId },
          )
        await submits.once<null>({ principal, what: 'apps', clientId, input }, async (keep) => {
          if (apps.list.some((each) => each.appId === appId))
            throw httpErrorFor('app_exists', 'conflict', `${appId} is here already: change it with PATCH.`, {
              appId,
            })
          const settings = { appId, name, mode, appSecret, token, encodingAESKey }
          await apps.save(settings, (tx) => keep(tx, null))
          await note('app_added', appId, { principal, ctx }, { mode })
          return null
        })
        return viewOf(found(appId, principal), principal)
      },
    }),
    route({
      method: 'PATCH',
      path: '/apps/:id',
      summary: 'Changes a Mini Program; what is not given stays.',
      access: 'admin',
      params: byAppId,
      body: appChange,
      response: appView,
      async handle({ params: { id }, body, principal, ctx }) {
        ours(id, principal)
        const before = apps.settingsOf(id)
        if (!before) throw notFound()
        const { name = before.name, mode = before.mode, appSecret = before.appSecret } = body
        const { token = before.token, encodingAESKey = before.encodingAESKey } = body
        const after: AppSettings = { appId: id, name, mode, appSecret, token, encodingAESKey }
        await apps.save(after)
        await note('app_changed', id, { principal, ctx }, { changed: changedFields(before, after), mode })
        return viewOf(found(id, principal), principal)
      },
    }),
    route({
      method: 'DELETE',
      path: '/apps/:id',
      summary: 'Forgets a Mini Program and its secrets; its conversations stay.',
      access: 'admin',
      params: byAppId,
      response: null,
      async handle({ params: { id }, principal, ctx }) {
        ours(id, principal)
        await apps.remove(id)
        await note('app_removed', id, { principal, ctx })
      },
    }),
  ]
}

/** The names of what is another than before: of secrets no more than that. */
function changedFields(before: AppSettings, after: AppSettings): string[] {
  const fields = ['name', 'mode', 'appSecret', 'token', 'encodingAESKey'] as const
  return fields.filter((field) => before[field] !== after[field])
}
