import type { ConversationView, DeskEvent, MessageView } from '../api/views.js'
import type { Alerts } from '../alerts/alerts.js'
import type { Conversations } from '../conversations/conversations.js'
import type { Threads } from '../conversations/thread/threads.js'
import { isOf } from './principal.js'
import { agentAuthor } from '../../../src/protocol/author.js'

export interface EventApplierOptions {
  meId: number
  conversations: Conversations
  threads: Threads
  alerts: Pick<Alerts, 'heard' | 'told'>
  /** What is in sight may have been read by this. */
  markRead: () => void
  /** The tabs' counts may have changed. */
  countsLater: () => void
  agentsChanged: () => void
}

/** Takes live events into what the page knows. The same event twice does no harm. */
export function createEventApplier(options: EventApplierOptions): (event: DeskEvent) => void {
  const { meId, conversations, threads, alerts, markRead, countsLater, agentsChanged } = options

  function isNewToMe(message: MessageView, before: ConversationView | undefined): boolean {
    const view = conversations.byId.get(message.conversationId)
    return (
      message.direction === 'incoming' &&
      view !== undefined &&
      isOf(view, meId) &&
      message.id > (before?.lastMessage?.id ?? 0)
    )
  }

  /** A message of mine that comes by the stream before the answer to its submit: it is the one that is pending. */
  function dropDelivered(message: MessageView): void {
    if (message.direction !== 'outgoing' || message.author !== agentAuthor(meId)) return
    const pending = threads
      .peek(message.conversationId)
      ?.pending.find(
        (one) =>
          one.state === 'sending' &&
          one.message.msgType === message.msgType &&
          (one.message.msgType !== 'text' || one.message.content === message.content),
      )
    if (pending) threads.dropPending(message.conversationId, pending.clientId)
  }

  return (event) => {
    switch (event.type) {
      case 'message': {
        const before = conversations.byId.get(event.conversation.id)
        const isKnown = threads
          .peek(event.message.conversationId)
          ?.messages.some(({ id }) => id === event.message.id)
        conversations.put(event.conversation)
        threads.put(event.message)
        if (isKnown !== true) dropDelivered(event.message)
        alerts.told(event.message, event.conversation)
        if (isNewToMe(event.message, before)) alerts.heard(event.conversation)
        markRead()
        if (countsDiffer(before, event.conversation)) countsLater()
        return
      }
      case 'conversation': {
        const before = conversations.byId.get(event.conversation.id)
        conversations.put(event.conversation)
        markRead()
        if (countsDiffer(before, event.conversation)) countsLater()
        return
      }
      case 'presence':
        conversations.setPresent(
          event.conversationId,
          event.agents.filter(({ id }) => id !== meId),
        )
        return
      case 'agents':
        agentsChanged()
        return
      case 'reset':
        return
    }
  }
}

/** Whether a conversation may be in another tab than before. */
function countsDiffer(before: ConversationView | undefined, now: ConversationView): boolean {
  return before?.status !== now.status || before.agent?.id !== now.agent?.id
}
