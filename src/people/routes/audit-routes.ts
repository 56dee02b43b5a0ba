import { z } from 'zod'
import type { Store } from '../../store/index.js'
import { readAudit } from '../audit.js'
import { route, type Route } from '../../http/route.js'
import { auditView } from '../schemas/audit-view.js'
import { cursorQuery, limitQuery, listOf } from '../../http/schemas/list.js'

/** The route of acts, and who did them. */
export function auditRoutes({ store }: { readonly store: Store }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/audit',
      summary:
        'What people and programs did: signing in, settings, takeovers, exports, erasures; newest first.',
      access: 'admin',
      query: z.object({
        action: z.string().max(50).optional(),
        actor: z.string().max(50).optional(),
        cursor: cursorQuery.optional(),
        limit: limitQuery,
      }),
      response: listOf(auditView),
      async handle({ query: { cursor, limit, ...filter } }) {
        const rows = await readAudit(store, { ...filter, before: cursor, limit: limit + 1 })
        const items = rows.slice(0, limit)
        return { items, next: rows.length > limit ? String(items.at(-1)?.id) : null }
      },
    }),
  ]
}
