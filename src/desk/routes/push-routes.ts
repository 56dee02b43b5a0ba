import type { Context } from 'koa'
import { z } from 'zod'
import { listUnreadable, listWithdrawals, removeWithdrawal } from '../../conversation/index.js'
import type { Store } from '../../store/index.js'
import { writeAudit } from '../../people/audit.js'
import { notFound } from '../../http/http-error.js'
import { route, type Route } from '../../http/route.js'
import { byId, cursorQuery, limitQuery, listOf } from '../../http/schemas/list.js'
import { unreadablePush, withdrawal } from '../schemas/push-view.js'

export interface PushRoutesOptions {
  readonly store: Store
  readonly addressOf: (ctx: Context) => string
  readonly now: () => number
}

const page = z.object({ cursor: cursorQuery.optional(), limit: limitQuery })

/** The routes of pushes that are nobody's conversation: an admin looks at them. */
export function pushRoutes({ store, addressOf, now }: PushRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/unreadable-pushes',
      summary:
        'Pushes of WeChat that can’t be read and are of no certain customer, as they came; newest first.',
      access: 'admin',
      query: page,
      response: listOf(unreadablePush),
      async handle({ query: { cursor: before, limit }, principal: { apps } }) {
        return pageOf(await listUnreadable(store, { apps, before, limit: limit + 1 }), limit)
      },
    }),
    route({
      method: 'GET',
      path: '/withdrawals',
      summary:
        'Customers who took their consent back or closed their account, until somebody decides about their data.',
      access: 'admin',
      query: page,
      response: listOf(withdrawal),
      async handle({ query: { cursor: before, limit }, principal: { apps } }) {
        return pageOf(await listWithdrawals(store, { apps, before, limit: limit + 1 }), limit)
      },
    }),
    route({
      method: 'DELETE',
      path: '/withdrawals/:id',
      summary: 'Takes one off the list and keeps the customer’s data; DELETE /contacts/:id erases it.',
      access: 'admin',
      params: byId,
      response: null,
      async handle({ params: { id }, principal, ctx }) {
        const removed = await removeWithdrawal(store, id, principal.apps)
        if (!removed) throw notFound()
        const address = addressOf(ctx)
        await writeAudit(store.db, now(), {
          actor: principal,
          action: 'withdrawal_dismissed',
          target: `withdrawal:${id}`,
          appId: removed.appId,
          address,
        })
      },
    }),
  ]
}

function pageOf<T extends { readonly id: number }>(
  found: readonly T[],
  limit: number,
): { items: readonly T[]; next: string | null } {
  const items = found.slice(0, limit)
  return { items, next: found.length > limit ? String(items.at(-1)?.id) : null }
}
