import { z } from 'zod'
import type { Store } from '../../store/index.js'
import type { Presence } from '../presence.js'
import { mayUse } from '../principal.js'
import { notFound, Refusal } from '../refusal.js'
import { route, type Route } from '../route.js'
import { byId } from '../schemas/list.js'

export interface PresenceRoutesOptions {
  readonly store: Pick<Store, 'db'>
  readonly presence: Presence
}

/** Who looks at which conversation. */
export function presenceRoutes({ store, presence }: PresenceRoutesOptions): Route[] {
  return [
    route({
      method: 'POST',
      path: '/conversations/:id/presence',
      summary: 'Says that the agent looks at the conversation, or types; to be said again within 30 s.',
      access: 'agent',
      params: byId,
      body: z.strictObject({ typing: z.boolean() }),
      answer: null,
      async handle({ params: { id }, body: { typing }, principal }) {
        if (principal.kind !== 'agent')
          throw new Refusal('forbidden', 'Only an agent looks at conversations.')
        const row = await store.db
          .selectFrom('conversation')
          .innerJoin('contact', 'contact.id', 'conversation.contact_id')
          .select('contact.app_id')
          .where('conversation.id', '=', id)
          .executeTakeFirst()
        if (!row || !mayUse(principal, row.app_id)) throw notFound()
        await presence.look(principal, { id, appId: row.app_id }, typing)
      },
    }),
  ]
}
