import type { Context } from 'koa'
import type { Endpoint, Hooks } from '../../hooks/index.js'
import type { Store } from '../../store/index.js'
import { writeAudit, type AuditAction } from '../audit.js'
import type { Principal } from '../principal.js'
import { notFound, Refusal } from '../refusal.js'
import { route, type Route } from '../route.js'
import { byId, listOf } from '../schemas/list.js'
import {
  deliveriesQuery,
  deliveryView,
  newWebhook,
  replayed,
  webhookChange,
  webhookView,
  webhookWithSecret,
} from '../schemas/webhook.js'

export interface WebhookRoutesOptions {
  readonly hooks: Pick<Hooks, 'endpoints' | 'deliveries'>
  readonly store: Store
  readonly now: () => number
  readonly addressOf: (ctx: Context) => string
}

/** Outgoing webhooks, for admins: each sees those of the Mini Programs that are theirs. */
export function webhookRoutes({ hooks, store, now, addressOf }: WebhookRoutesOptions): Route[] {
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
  /** Throws Refusal (404) also when it is not for whoever asks. */
  async function mustSee(id: number, principal: Principal): Promise<void> {
    if (!maySee(principal, await endpoints.get(id))) throw notFound()
  }

  return [
    route({
      method: 'GET',
      path: '/webhooks',
      summary: 'The addresses of your own system that are told what happens.',
      access: 'admin',
      answer: listOf(webhookView),
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
      answer: webhookWithSecret,
      status: 201,
      async handle({ body, principal, ctx }) {
        const { endpoint, secret } = await endpoints.create({
          ...body,
          apps: appsFor(principal, body.apps ?? null),
        })
        const { id, url, events, apps } = endpoint
        await note('webhook_added', id, { principal, ctx }, { host: new URL(url).host, events, apps })
        return { webhook: endpoint, secret }
      },
    }),
    route({
      method: 'PATCH',
      path: '/webhooks/:id',
      summary: 'Changes one. Enabled again, it is told what happens from then on.',
      access: 'admin',
      params: byId,
      body: webhookChange,
      answer: webhookView,
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
      answer: null,
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
      answer: webhookWithSecret,
      async handle({ params: { id }, principal, ctx }) {
        await mustSee(id, principal)
        const { endpoint, secret } = await endpoints.rotate(id)
        await note('webhook_changed', id, { principal, ctx }, { changed: ['secret'] })
        return { webhook: endpoint, secret }
      },
    }),
    route({
      method: 'POST',
      path: '/webhooks/:id/test',
      summary: 'Sends it a webhook.test, which says nothing of anybody.',
      access: 'admin',
      params: byId,
      answer: deliveryView,
      status: 202,
      async handle({ params: { id }, principal }) {
        await mustSee(id, principal)
        return deliveries.test(id)
      },
    }),
    route({
      method: 'GET',
      path: '/webhooks/:id/deliveries',
      summary: 'What one was told or is to be told, the newest first; state=dead: what was given up.',
      access: 'admin',
      params: byId,
      query: deliveriesQuery,
      answer: listOf(deliveryView),
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
      answer: replayed,
      status: 202,
      async handle({ params: { id }, principal }) {
        await mustSee(id, principal)
        return { replayed: await deliveries.replayDead(id) }
      },
    }),
    route({
      method: 'POST',
      path: '/webhook-deliveries/:id/replay',
      summary: 'Sends one again, with the same webhook-id.',
      access: 'admin',
      params: byId,
      answer: deliveryView,
      status: 202,
      async handle({ params: { id }, principal }) {
        const { webhookId } = await deliveries.get(id)
        await mustSee(webhookId, principal)
        return deliveries.replay(id)
      },
    }),
  ]
}

/** Who may not see all Mini Programs sees no endpoint that is told of others. */
function maySee({ apps }: Principal, endpoint: Endpoint): boolean {
  return apps === 'all' || (endpoint.apps?.every((app) => apps.includes(app)) ?? false)
}

/** The Mini Programs of an endpoint: for whoever may not see all, all are theirs. */
function appsFor({ apps: own }: Principal, wanted: readonly string[] | null): readonly string[] | null {
  if (own === 'all') return wanted
  const foreign = wanted?.find((app) => !own.includes(app))
  if (foreign !== undefined) throw new Refusal('invalid', `apps: ${foreign} is not one of yours`)
  return wanted ?? own
}
