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
  /** Knows nothing again, but for the one that is open. */
  forget(but: number | null): void
}

export function createConversations(): Conversations {
  const byId = shallowReactive(new Map<number, ConversationView>())
  const present = reactive(new Map<number, readonly (AgentRef & { typing: boolean })[]>())
  return {
    byId,
    present,
    put(view) {
      const known = byId.get(view.id)
      if (known && isLater(known, view)) return
      byId.set(view.id, view)
    },
    setPresent(conversationId, agents) {
      if (agents.length === 0) present.delete(conversationId)
      else present.set(conversationId, agents)
    },
    forget(but) {
      for (const id of [...byId.keys()]) if (id !== but) byId.delete(id)
      present.clear()
    },
  }
}

/** Whether one state of a conversation certainly came after the other. */
function isLater(one: ConversationView, other: ConversationView): boolean {
  if (one.epoch !== other.epoch) return one.epoch > other.epoch
  return one.updatedAt > other.updatedAt
}
