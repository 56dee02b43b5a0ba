import type { LiveEvents } from '../live-events.js'
import { Raw, route, type Route } from '../route.js'
import { Refusal } from '../refusal.js'
import { eventsQuery } from '../schemas/event.js'

/** What happens, as it happens. */
export function eventRoutes({ events }: { readonly events: LiveEvents }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/events',
      summary:
        'Server-sent events: message, conversation, presence, agents, and reset when what was missed is to be loaded anew. Last-Event-ID, or `after`, says what was seen.',
      access: 'agent',
      query: eventsQuery,
      answer: new Raw('text/event-stream'),
      async handle({ query, principal, ctx }) {
        events.open(ctx, principal, lastSeen(ctx.get('last-event-id')) ?? query.after)
      },
    }),
  ]
}

/** The header of a page that comes again. */
function lastSeen(header: string): number | undefined {
  if (header === '') return undefined
  if (!/^\d{1,15}$/.test(header))
    throw new Refusal('bad_request', 'Last-Event-ID: must be the id of an event')
  return Number(header)
}
