import { reactive, shallowReactive } from 'vue'
import type { AgentRef, ConversationView } from '../api/views.js'
import { storeKey } from '../stores/store-key.js'

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
  /** Forgets one that is no more. */
  forget(conversationId: number): void
  /** What is known holds until it is heard of again, however late it seemed to be: the service was set back. */
  distrust(): void
}

export const [conversationsKey, useConversations] = storeKey<Conversations>('conversations')

export function createConversations(): Conversations {
  const byId = shallowReactive(new Map<number, ConversationView>())
  const present = reactive(new Map<number, readonly (AgentRef & { typing: boolean })[]>())
  /** Who was given a conversation anew has read none of it. */
  const readUpTo = new Map<number, { epoch: number; upTo: number }>()
  const heardAt = new Map<number, number>()
  /** Known from before the service was set back. */
  const doubtful = new Set<number>()
  let moment = 0

  function put(view: ConversationView): void {
    heardAt.set(view.id, moment)
    const known = byId.get(view.id)
    if (known && isLater(known, view) && !doubtful.has(view.id)) return
    doubtful.delete(view.id)
    byId.set(view.id, isReadUpTo(view) && view.unread > 0 ? { ...view, unread: 0 } : view)
  }

  function forget(id: number): void {
    byId.delete(id)
    heardAt.delete(id)
    doubtful.delete(id)
  }

  function isReadUpTo(view: ConversationView): boolean {
    const read = readUpTo.get(view.id)
    return read?.epoch === view.epoch && read.upTo >= (view.lastMessage?.id ?? 0)
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
      const known = byId.get(conversationId)
      if (!known) return
      const before = readUpTo.get(conversationId)
      const upTo = before?.epoch === known.epoch ? Math.max(messageId, before.upTo) : messageId
      readUpTo.set(conversationId, { epoch: known.epoch, upTo })
      if (known.unread > 0 && isReadUpTo(known)) byId.set(conversationId, { ...known, unread: 0 })
    },
    mark: () => ++moment,
    forgetBefore(mark, but) {
      for (const id of [...byId.keys()]) if (id !== but && (heardAt.get(id) ?? 0) < mark) forget(id)
    },
    forget,
    distrust() {
      for (const id of byId.keys()) doubtful.add(id)
      readUpTo.clear()
      present.clear()
    },
  }
}

/** Whether one state of a conversation certainly came after the other: no clock has a say in that. */
function isLater(one: ConversationView, other: ConversationView): boolean {
  if (one.epoch !== other.epoch) return one.epoch > other.epoch
  return one.sequence > other.sequence
}
