import { z } from 'zod'
import type { Commands } from '../../conversation/index.js'
import type { Store } from '../../store/index.js'
import type { Presence } from '../../people/presence.js'
import { appOfConversation } from '../conversation-access.js'
import { HttpError } from '../../http/http-error.js'
import { route, type Route } from '../../http/route.js'
import { byId } from '../../http/schemas/list.js'
import { LARGEST } from '../../http/schemas/plain-input.js'

export interface PresenceRoutesOptions {
  readonly store: Pick<Store, 'db'>
  readonly presence: Presence
  readonly commands: Pick<Commands, 'read' | 'active'>
}

/** Who looks at which conversation, and how far it has been read. */
export function presenceRoutes({ store, presence, commands }: PresenceRoutesOptions): Route[] {
  return [
    route({
      method: 'POST',
      path: '/conversations/:id/presence',
      summary:
        'Says that the agent looks at the conversation, types, or is active in it; to be said again within 30 s. What its agent types in or is active in is not idle.',
      access: 'agent',
      params: byId,
      body: z.strictObject({
        typing: z.boolean(),
        active: z.exactOptional(z.boolean()).meta({
          description:
            'Whether it is open in a page with the focus in which a key, the pointer or the scroll was used within two minutes.',
        }),
      }),
      response: null,
      async handle({ params: { id }, body: { typing, active = false }, principal }) {
        if (principal.kind !== 'agent')
          throw new HttpError('forbidden', 'Only an agent looks at conversations.')
        await presence.look(principal, { id, appId: await appOfConversation(store, id, principal) }, typing)
        if (typing || active) await commands.active(id, principal.id)
      },
    }),
    route({
      method: 'POST',
      path: '/conversations/:id/read',
      summary:
        'Says up to which message the conversation has been read; a colleague’s stays unread until they have.',
      access: 'agent',
      params: byId,
      body: z.strictObject({ messageId: z.int().min(0).max(LARGEST) }),
      response: null,
      async handle({ params: { id }, body: { messageId }, principal }) {
        await appOfConversation(store, id, principal)
        await commands.read(id, messageId, { agentId: principal.kind === 'agent' ? principal.id : null })
      },
    }),
  ]
}
