import type { Context } from 'koa'
import type { Endpoint, Hooks } from '../index.js'
import type { Store } from '../../store/index.js'
import { writeAudit, type AuditAction } from '../../people/audit.js'
import type { Principal } from '../../http/principal.js'
import { notFound, httpErrorFor } from '../../http/http-error.js'
import { route, type Route } from '../../http/route.js'
import { submitInput } from '../../http/schemas/client-id.js'
import { byId, listOf } from '../../http/schemas/list.js'
import {
  deliveriesQuery,
  deliveryView,
  newWebhook,
  replayed,
  webhookChange,
  webhookView,
  webhookWithSecret,
} from '../schemas/webhook.js'
import type { Submits } from '../../people/submits.js'

export interface WebhookRoutesOptions {
  readonly hooks: Pick<Hooks, 'endpoints' | 'deliveries'>
  readonly submits: Submits
  readonly store: Store
  readonly now: () => number
  readonly addressOf: (ctx: Context) => string
}

/** Outgoing webhooks, for admins: each sees those of the Mini Programs that are theirs. */
export function webhookRoutes({ hooks, submits, store, now, addressOf }: WebhookRoutesOptions): Route[] {
  const { endpoints, deliveries } = hooks
  /** Written down without the address, which may have a secret in its query. */
  async function note(
    action: AuditAction,
    id: number,
    { principal, ctx }: { readonly principal: Principal; readonly ctx: Context },
    detail?: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const entry = { actor: principal, action, target: `webhook:${id}`, address: addressOf(ctx), detail }
    await writeAudit(store.db, now(), entry)
  }
  /** Throws HttpError (404) also when it is not for whoever asks. */
  async function mustSee(id: number, principal: Principal): Promise<void> {
    if (!maySee(principal, await endpoints.get(id))) throw notFound()
  }

  return [
    route({
      method: 'GET',
      path: '/webhooks',
      summary: 'The addresses of your own system that are told what happens.',
      access: 'admin',
      response: listOf(webhookView),
      async handle({ principal }) {
        const all = await endpoints.list()
        return { items: all.filter((each) => maySee(principal, each)), next: null }
      },
    }),
    route({
      method: 'POST',
      path: '/webhooks',
      summary: 'Adds one, and shows its secret once. It is told what happens from now on.',
      access: 'admin',
      body: newWebhook,
      response: webhookWithSecret,
      status: 201,
      async handle({ body: { clientId, ...input }, principal, ctx }) {
        const submit = { principal, what: 'webhooks', clientId, input }
        const { id, secret } = await submits.once<WithSecret>(submit, async (keep) => {
          const settings = { ...input, apps: appsFor(principal, input.apps ?? null) }
          const { endpoint, secret } = await endpoints.create(settings, keep)
          const { id, url, events, apps } = endpoint
          await note('webhook_added', id, { principal, ctx }, { host: new URL(url).host, events, apps })
          return { id, secret }
        })
        return { webhook: await endpoints.get(id), secret }
      },
    }),
    route({
      method: 'PATCH',
      path: '/webhooks/:id',
      summary: 'Changes one. Enabled again, it is told what happens from then on.',
      access: 'admin',
      params: byId,
      body: webhookChange,
      response: webhookView,
      async handle({ params: { id }, body, principal, ctx }) {
        await mustSee(id, principal)
        const { apps } = body
        const change = apps === undefined ? body : { ...body, apps: appsFor(principal, apps) }
        const endpoint = await endpoints.update(id, change)
        await note('webhook_changed', id, { principal, ctx }, { changed: Object.keys(body) })
        return endpoint
      },
    }),
    route({
      method: 'DELETE',
      path: '/webhooks/:id',
      summary: 'Removes one with its deliveries.',
      access: 'admin',
      params: byId,
      response: null,
      async handle({ params: { id }, principal, ctx }) {
        await mustSee(id, principal)
        await endpoints.remove(id)
        await note('webhook_removed', id, { principal, ctx })
        return undefined
      },
    }),
    route({
      method: 'POST',
      path: '/webhooks/:id/rotate',
      summary: 'Gives one a new secret, shown once; the one before signs too for a day.',
      access: 'admin',
      params: byId,
      body: submitInput,
      response: webhookWithSecret,
      async handle({ params: { id }, body, principal, ctx }) {
        await mustSee(id, principal)
        const submit = { principal, what: `webhooks/${id}/rotate`, clientId: body?.clientId, input: null }
        const { secret } = await submits.once<WithSecret>(submit, async (keep) => {
          const { secret } = await endpoints.rotate(id, keep)
          await note('webhook_changed', id, { principal, ctx }, { changed: ['secret'] })
          return { id, secret }
        })
        return { webhook: await endpoints.get(id), secret }
      },
    }),
    route({
      method: 'POST',
      path: '/webhooks/:id/test',
      summary: 'Sends it a webhook.test, which says nothing of anybody.',
      access: 'admin',
      params: byId,
      body: submitInput,
      response: deliveryView,
      status: 202,
      async handle({ params: { id }, body, principal }) {
        await mustSee(id, principal)
        const submit = { principal, what: `webhooks/${id}/test`, clientId: body?.clientId, input: null }
        const made = await submits.once<{ id: number }>(submit, (keep) => deliveries.test(id, keep))
        return deliveries.get(made.id)
      },
    }),
    route({
      method: 'GET',
      path: '/webhooks/:id/deliveries',
      summary: 'What one was told or is to be told, the newest first; state=dead: what was given up.',
      access: 'admin',
      params: byId,
      query: deliveriesQuery,
      response: listOf(deliveryView),
      async handle({ params: { id }, query: { state, cursor, limit }, principal }) {
        await mustSee(id, principal)
        const { items, next } = await deliveries.list(id, { state, before: cursor, limit })
        return { items, next: next === null ? null : String(next) }
      },
    }),
    route({
      method: 'POST',
      path: '/webhooks/:id/replay',
      summary: 'Sends all that was given up again.',
      access: 'admin',
      params: byId,
      body: submitInput,
      response: replayed,
      status: 202,
      async handle({ params: { id }, body, principal }) {
        await mustSee(id, principal)
        const submit = { principal, what: `webhooks/${id}/replay`, clientId: body?.clientId, input: null }
        return { replayed: await submits.once<number>(submit, (keep) => deliveries.replayDead(id, keep)) }
      },
    }),
    route({
      method: 'POST',
      path: '/webhook-deliveries/:id/replay',
      summary: 'Sends one again, with the same webhook-id.',
      access: 'admin',
      params: byId,
      body: submitInput,
      response: deliveryView,
      status: 202,
      async handle({ params: { id }, body, principal }) {
        const { webhookId } = await deliveries.get(id)
        await mustSee(webhookId, principal)
        const what = `webhook-deliveries/${id}/replay`
        await submits.once<null>({ principal, what, clientId: body?.clientId, input: null }, async (keep) => {
          await deliveries.replay(id, (tx) => keep(tx, null))
          return null
        })
        return deliveries.get(id)
      },
    }),
  ]
}

/** The result of a submit: an endpoint's secret, which is shown once. */
interface WithSecret {
  readonly id: number
  readonly secret: string
}

/** Who may not see all Mini Programs sees no endpoint that is told of others. */
function maySee({ apps }: Principal, endpoint: Endpoint): boolean {
  return apps === 'all' || (endpoint.apps?.every((app) => apps.includes(app)) ?? false)
}

/** The Mini Programs of an endpoint: for whoever may not see all, all are theirs. */
function appsFor({ apps: own }: Principal, wanted: readonly string[] | null): readonly string[] | null {
  if (own === 'all') return wanted
  const foreign = wanted?.find((app) => !own.includes(app))
  if (foreign !== undefined)
    throw httpErrorFor('app_foreign', 'invalid', `apps: ${foreign} is not one of yours`, { appId: foreign })
  return wanted ?? own
}
