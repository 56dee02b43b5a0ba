import { z } from 'zod'
import { conversationView } from './conversation-view.js'
import { messageView } from './message-view.js'

/** GET /events */
export const eventsQuery = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'must be the id of an event')
    .transform(Number)
    .optional()
    .meta({ description: 'The id of the last event that was seen; without it, events come from now on.' }),
  database: z.string().max(64).optional().meta({
    description:
      'The `databaseId` of the session in which `after` was seen: in another database it means something else, and a reset comes.',
  }),
})

/** The data of each event of GET /events, by the event's name. */
export const eventData = {
  message: z.object({ message: messageView, conversation: conversationView }),
  conversation: z.object({ conversation: conversationView }),
  presence: z.object({
    conversationId: z.int(),
    agents: z.array(z.object({ id: z.int(), name: z.string(), typing: z.boolean() })),
  }),
  agents: z.object({}),
  reset: z.object({}),
  /** The last of a stream: the agent opened so many later that this one, the oldest, was closed. */
  closed: z.object({ reason: z.literal('too_many_pages') }),
}
export type EventData = { [Name in keyof typeof eventData]: z.infer<(typeof eventData)[Name]> }
