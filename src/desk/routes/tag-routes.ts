import { sql } from 'kysely'
import { z } from 'zod'
import type { Store } from '../../store/index.js'
import type { HeavyReads } from '../../http/heavy-reads.js'
import { route, type Route } from '../../http/route.js'
import { listOf } from '../../http/schemas/list.js'

/** More are not offered: nobody looks through them. */
const MAX_LISTED = 500

/** The tags that customers have, and where they came from: what lists are filtered by. */
export function tagRoutes({
  store,
  reads,
}: {
  readonly store: Pick<Store, 'db'>
  readonly reads: HeavyReads
}): Route[] {
  return [
    route({
      method: 'GET',
      path: '/tags',
      summary: 'The tags in use, the one that most customers have first.',
      access: 'agent',
      response: listOf(z.string()),
      async handle({ principal }) {
        const { apps } = principal
        if (apps !== 'all' && apps.length === 0) return { items: [], next: null }
        const inScope = apps === 'all' ? sql`true` : sql`contact.app_id in (${sql.join(apps)})`
        const asked = sql<{ tag: string }>`
          select tag from contact_tag join contact on contact.id = contact_tag.contact_id where ${inScope}
          group by tag order by count(*) desc, tag limit ${sql.lit(MAX_LISTED)}`
        const { rows } = await reads.run(principal, () => asked.execute(store.db))
        return { items: rows.map(({ tag }) => tag), next: null }
      },
    }),
    route({
      method: 'GET',
      path: '/sources',
      summary: 'Customers’ last `session-from`, as they came, the one that most customers have first.',
      access: 'agent',
      response: listOf(z.string()),
      async handle({ principal }) {
        const { apps } = principal
        if (apps !== 'all' && apps.length === 0) return { items: [], next: null }
        const inScope = apps === 'all' ? sql`true` : sql`app_id in (${sql.join(apps)})`
        const asked = sql<{ source: string }>`
          select session_from as source from contact where session_from is not null and ${inScope}
          group by session_from order by count(*) desc, session_from limit ${sql.lit(MAX_LISTED)}`
        const { rows } = await reads.run(principal, () => asked.execute(store.db))
        return { items: rows.map(({ source }) => source), next: null }
      },
    }),
  ]
}
