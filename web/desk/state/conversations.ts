import { reactive, shallowReactive } from 'vue'
import type { AgentRef, ConversationView } from '../api/views.js'

/** The conversations that this page knows, each in its latest state, and who else looks at them. */
export interface Conversations {
  readonly byId: ReadonlyMap<number, ConversationView>
  /** Colleagues who look at a conversation, and whether they type. */
  readonly present: ReadonlyMap<number, readonly (AgentRef & { typing: boolean })[]>
  /** Takes a state in, unless a later one is known already. */
  put(view: ConversationView): void
  setPresent(conversationId: number, agents: readonly (AgentRef & { typing: boolean })[]): void
  /** All up to a message was read here: a state from before the service knew that counts as read too. */
  markRead(conversationId: number, messageId: number): void
}

export function createConversations(): Conversations {
  const byId = shallowReactive(new Map<number, ConversationView>())
  const present = reactive(new Map<number, readonly (AgentRef & { typing: boolean })[]>())
  const readUpTo = new Map<number, number>()

  function put(view: ConversationView): void {
    const known = byId.get(view.id)
    if (known && isLater(known, view)) return
    const isRead = (readUpTo.get(view.id) ?? -1) >= (view.lastMessage?.id ?? 0)
    byId.set(view.id, isRead && view.unread > 0 ? { ...view, unread: 0 } : view)
  }

  return {
    byId,
    present,
    put,
    setPresent(conversationId, agents) {
      if (agents.length === 0) present.delete(conversationId)
      else present.set(conversationId, agents)
    },
    markRead(conversationId, messageId) {
      readUpTo.set(conversationId, Math.max(messageId, readUpTo.get(conversationId) ?? 0))
      const known = byId.get(conversationId)
      if (known) put(known)
    },
  }
}

/** Whether one state of a conversation certainly came after the other. */
function isLater(one: ConversationView, other: ConversationView): boolean {
  if (one.epoch !== other.epoch) return one.epoch > other.epoch
  return one.updatedAt > other.updatedAt
}
