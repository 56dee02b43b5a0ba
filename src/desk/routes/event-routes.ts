import type { LiveEvents } from '../live-events.js'
import { Raw, route, type Route } from '../../http/route.js'
import { HttpError } from '../../http/http-error.js'
import { eventsQuery } from '../schemas/event.js'

/** No sequence comes so far: whoever has seen that has seen another database. */
const ELSEWHERE = Number.MAX_SAFE_INTEGER

export interface EventRoutesOptions {
  readonly events: LiveEvents
  /** Another one after a restore. */
  readonly databaseId: () => Promise<string>
}

/** The stream of live events. */
export function eventRoutes({ events, databaseId }: EventRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/events',
      summary:
        'Server-sent events: message, conversation, presence, agents, and reset when what was missed is to be loaded anew. Last-Event-ID, or `after`, says what was seen. An agent has 20 streams at most: one more ends the oldest, with the event closed; a key has 10.',
      access: 'agent',
      query: eventsQuery,
      response: new Raw('text/event-stream'),
      async handle({ query, principal, ctx }) {
        const seen = lastSeen(ctx.get('last-event-id')) ?? query.after
        const isHere = query.database === undefined || query.database === (await databaseId())
        events.open(ctx, principal, seen === undefined || isHere ? seen : ELSEWHERE)
      },
    }),
  ]
}

/** The header of a page that comes again. */
function lastSeen(header: string): number | undefined {
  if (header === '') return undefined
  if (!/^\d{1,15}$/.test(header))
    throw new HttpError('bad_request', 'Last-Event-ID: must be the id of an event')
  return Number(header)
}
