import { conversationViews, type Commands, type ViewSource } from '../../conversation/index.js'
import { mayUse } from '../../http/principal.js'
import { notFound } from '../../http/http-error.js'
import { route, type Route } from '../../http/route.js'
import { contactInput } from '../schemas/contact-input.js'
import { contactView } from '../schemas/conversation-view.js'
import { byId } from '../../http/schemas/list.js'

/** The routes of customers. */
export function contactRoutes({
  views,
  commands,
}: {
  readonly views: ViewSource
  readonly commands: Pick<Commands, 'describe'>
}): Route[] {
  return [
    route({
      method: 'PATCH',
      path: '/contacts/:id',
      summary: 'Gives a customer another name or remark; null takes it away.',
      access: 'agent',
      params: byId,
      body: contactInput,
      response: contactView,
      async handle({ params: { id }, body, principal }) {
        const row = await views.store.db
          .selectFrom('conversation')
          .innerJoin('contact', 'contact.id', 'conversation.contact_id')
          .select(['conversation.id', 'contact.app_id'])
          .where('contact.id', '=', id)
          .executeTakeFirst()
        if (!row || !mayUse(principal, row.app_id)) throw notFound()
        await commands.describe(row.id, body)
        const [view] = await conversationViews(views, [row.id])
        if (!view) throw notFound()
        return view.contact
      },
    }),
  ]
}
