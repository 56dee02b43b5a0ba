import { z } from 'zod'
import type { Commands } from '../../conversation/index.js'
import type { Store } from '../../store/index.js'
import type { Presence } from '../presence.js'
import { mayUse, type Principal } from '../principal.js'
import { notFound, Refusal } from '../refusal.js'
import { route, type Route } from '../route.js'
import { byId } from '../schemas/list.js'

export interface PresenceRoutesOptions {
  readonly store: Pick<Store, 'db'>
  readonly presence: Presence
  readonly commands: Pick<Commands, 'read'>
}

/** Who looks at which conversation, and how far it has been read. */
export function presenceRoutes({ store, presence, commands }: PresenceRoutesOptions): Route[] {
  /** Throws Refusal (404) also when it is not for whoever asks. */
  async function appOf(conversationId: number, principal: Principal): Promise<string> {
    const row = await store.db
      .selectFrom('conversation')
      .innerJoin('contact', 'contact.id', 'conversation.contact_id')
      .select('contact.app_id')
      .where('conversation.id', '=', conversationId)
      .executeTakeFirst()
    if (!row || !mayUse(principal, row.app_id)) throw notFound()
    return row.app_id
  }
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
        await presence.look(principal, { id, appId: await appOf(id, principal) }, typing)
      },
    }),
    route({
      method: 'POST',
      path: '/conversations/:id/read',
      summary:
        'Says up to which message the conversation has been read; a colleague’s stays unread until they have.',
      access: 'agent',
      params: byId,
      body: z.strictObject({ messageId: z.int().min(0) }),
      answer: null,
      async handle({ params: { id }, body: { messageId }, principal }) {
        await appOf(id, principal)
        await commands.read(id, messageId, { agentId: principal.kind === 'agent' ? principal.id : null })
      },
    }),
  ]
}
