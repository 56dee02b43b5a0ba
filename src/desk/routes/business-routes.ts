import type { Context } from 'koa'
import type { Store } from '../../store/index.js'
import type { BusinessCards } from '../business-cards.js'
import { mayUse } from '../../http/principal.js'
import { notFound } from '../../http/http-error.js'
import { route, type Route } from '../../http/route.js'
import { businessSettings, businessSettingsInput, businessView } from '../schemas/business-card.js'
import { byId } from '../../http/schemas/list.js'

export interface BusinessRoutesOptions {
  readonly store: Pick<Store, 'db'>
  readonly businessCards: BusinessCards
  readonly addressOf: (ctx: Context) => string
}

/** The routes of facts from the operator's own system. */
export function businessRoutes({ store, businessCards, addressOf }: BusinessRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/conversations/:id/business',
      summary: 'What your own system says about the customer, such as orders: asked anew after a minute.',
      access: 'agent',
      params: byId,
      response: businessView,
      async handle({ params: { id }, principal }) {
        const row = await store.db
          .selectFrom('conversation')
          .innerJoin('contact', 'contact.id', 'conversation.contact_id')
          .select('contact.app_id')
          .where('conversation.id', '=', id)
          .executeTakeFirst()
        if (!row || !mayUse(principal, row.app_id)) throw notFound()
        return businessCards.of(id)
      },
    }),
    route({
      method: 'GET',
      path: '/settings/business-cards',
      summary: 'Where your own system is asked about customers.',
      access: 'admin',
      response: businessSettings,
      handle: async () => businessCards.settings(),
    }),
    route({
      method: 'PUT',
      path: '/settings/business-cards',
      summary:
        'Sets where it is asked; the secret that requests are signed with is shown once, when it is made.',
      access: 'admin',
      body: businessSettingsInput,
      response: businessSettings,
      handle: async ({ body, principal, ctx }) =>
        businessCards.set(body, { actor: principal, address: addressOf(ctx) }),
    }),
  ]
}
