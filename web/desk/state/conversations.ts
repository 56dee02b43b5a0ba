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
  /** A moment, for forgetBefore. */
  mark(): number
  /** Forgets what was not heard of since a moment, but one. */
  forgetBefore(mark: number, but: number | null): void
}

export function createConversations(): Conversations {
  const byId = shallowReactive(new Map<number, ConversationView>())
  const present = reactive(new Map<number, readonly (AgentRef & { typing: boolean })[]>())
  const readUpTo = new Map<number, number>()
  const heardAt = new Map<number, number>()
  let moment = 0

  function put(view: ConversationView): void {
    heardAt.set(view.id, moment)
    const known = byId.get(view.id)
    if (known && isLater(known, view)) return
    byId.set(view.id, isReadUpTo(view) && view.unread > 0 ? { ...view, unread: 0 } : view)
  }

  function isReadUpTo(view: ConversationView): boolean {
    return (readUpTo.get(view.id) ?? -1) >= (view.lastMessage?.id ?? 0)
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
      if (known && known.unread > 0 && isReadUpTo(known)) byId.set(conversationId, { ...known, unread: 0 })
    },
    mark: () => ++moment,
    forgetBefore(mark, but) {
      for (const id of [...byId.keys()])
        if (id !== but && (heardAt.get(id) ?? 0) < mark) {
          byId.delete(id)
          heardAt.delete(id)
        }
    },
  }
}

/** Whether one state of a conversation certainly came after the other. */
function isLater(one: ConversationView, other: ConversationView): boolean {
  if (one.epoch !== other.epoch) return one.epoch > other.epoch
  return one.updatedAt > other.updatedAt
}
