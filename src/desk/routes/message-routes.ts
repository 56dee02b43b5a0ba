import { listMessages, type Commands, type ViewSource } from '../../conversation/index.js'
import { route, type Route } from '../../http/route.js'
import { byId, listOf } from '../../http/schemas/list.js'
import { sendInput } from '../../http/schemas/outgoing-message.js'
import { actorOf } from '../actor.js'
import { ConversationAccess } from '../conversation-access.js'
import { messagesQuery, noteInput, resolveInput } from '../schemas/conversation-input.js'
import { messageView } from '../schemas/message-view.js'

export interface MessageRoutesOptions {
  readonly views: ViewSource
  readonly commands: Commands
}

/** Messages and notes of a conversation. */
export function messageRoutes({ views, commands }: MessageRoutesOptions): Route[] {
  const { appOf, messageOf, mustSee } = new ConversationAccess(views)
  /** Takes a step with an outgoing message. */
  const step = (name: 'retry' | 'cancel', summary: string): Route =>
    route({
      method: 'POST',
      path: `/messages/:id/${name}`,
      summary,
      access: 'agent',
      params: byId,
      response: messageView,
      async handle({ params: { id }, principal }) {
        await mustSee(id, principal)
        await commands.step(id, name, actorOf(principal))
        return messageOf(id)
      },
    })

  return [
    route({
      method: 'GET',
      path: '/conversations/:id/messages',
      summary: 'A conversation’s messages, newest first; `before` takes the answer’s `next`.',
      access: 'agent',
      params: byId,
      query: messagesQuery,
      response: listOf(messageView),
      async handle({ params: { id }, query, principal }) {
        await appOf(id, principal)
        return listMessages(views, id, query)
      },
    }),
    route({
      method: 'POST',
      path: '/conversations/:id/messages',
      summary: 'Queues a message to the customer; the same `clientId` is queued once.',
      access: 'agent',
      params: byId,
      body: sendInput,
      status: 201,
      response: messageView,
      async handle({ params: { id }, body: { clientId, message, holdSeconds = 0 }, principal }) {
        await appOf(id, principal)
        const options = { ...actorOf(principal), clientId, holdMs: holdSeconds * 1000 }
        return messageOf(await commands.send(id, message, options))
      },
    }),
    route({
      method: 'POST',
      path: '/conversations/:id/notes',
      summary: 'Writes a note that only colleagues see; the same `clientId` is written once.',
      access: 'agent',
      params: byId,
      body: noteInput,
      status: 201,
      response: messageView,
      async handle({ params: { id }, body: { content, clientId }, principal }) {
        await appOf(id, principal)
        return messageOf(await commands.note(id, content, { ...actorOf(principal), clientId }))
      },
    }),
    step('retry', 'Queues a failed or cancelled message once more.'),
    step('cancel', 'Takes back a message that has not left.'),
    route({
      method: 'POST',
      path: '/messages/:id/resolve',
      summary: 'Says what became of an unknown message.',
      access: 'agent',
      params: byId,
      body: resolveInput,
      response: messageView,
      async handle({ params: { id }, body: { state }, principal }) {
        await mustSee(id, principal)
        await commands.step(id, state === 'accepted' ? 'accept' : 'fail', actorOf(principal))
        return messageOf(id)
      },
    }),
  ]
}
