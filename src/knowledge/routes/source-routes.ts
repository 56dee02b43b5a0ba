import type { Context } from 'koa'
import { z } from 'zod'
import type { Principal } from '../../http/principal.js'
import { route, type Route } from '../../http/route.js'
import { byId, listOf } from '../../http/schemas/list.js'
import { writeAudit, type AuditAction } from '../../people/audit.js'
import type { Store } from '../../store/index.js'
import { newSource, sourceView } from '../schemas/source-view.js'
import type { Sources } from '../sources/sources.js'

export interface SourceRoutesOptions {
  readonly sources: Sources
  readonly store: Pick<Store, 'db'>
  readonly now: () => number
  readonly addressOf: (ctx: Context) => string
}

/** Pages of the web that entries are taken from. */
export function sourceRoutes({ sources, store, now, addressOf }: SourceRoutesOptions): Route[] {
  // Of the address only the host is written down: what follows may hold a secret.
  const audit = (action: AuditAction, id: number, url: string, principal: Principal, ctx: Context) =>
    writeAudit(store.db, now(), {
      actor: principal,
      action,
      target: `source:${id}`,
      address: addressOf(ctx),
      detail: { host: new URL(url).host },
    })

  return [
    route({
      method: 'GET',
      path: '/knowledge/sources',
      summary: 'The pages of the web that entries are taken from, and how reading them went.',
      access: 'admin',
      response: listOf(sourceView),
      handle: async ({ principal }) => ({ items: await sources.list(principal), next: null }),
    }),
    route({
      method: 'POST',
      path: '/knowledge/sources',
      summary: 'Adds a page and reads it; from then on it is read once a day.',
      access: 'admin',
      body: newSource,
      response: sourceView,
      status: 201,
      async handle({ body, principal, ctx }) {
        const source = await sources.add(body, principal)
        await audit('source_added', source.id, source.url, principal, ctx)
        return source
      },
    }),
    route({
      method: 'POST',
      path: '/knowledge/sources/:id/refresh',
      summary: 'Reads a page now.',
      access: 'admin',
      params: byId,
      response: sourceView,
      handle: ({ params, principal }) => sources.refresh(params.id, principal),
    }),
    route({
      method: 'DELETE',
      path: '/knowledge/sources/:id',
      summary: 'Reads a page no longer. Its entries stay, unless `entries` is `remove`.',
      access: 'admin',
      params: byId,
      query: z.object({ entries: z.enum(['keep', 'remove']).default('keep') }),
      response: null,
      async handle({ params, query, principal, ctx }) {
        const source = await sources.remove(params.id, query.entries === 'remove', principal)
        await audit('source_removed', source.id, source.url, principal, ctx)
      },
    }),
  ]
}
