import { computed, type ComputedRef } from 'vue'
import type { ConversationView } from '../api/views.js'
import type { Router } from '../router.js'
import { storeKey } from '../stores/store-key.js'
import type { Conversations } from './conversations.js'

/** The conversation that is open: the one in the address. */
export interface OpenConversation {
  /** Its id. */
  selected: ComputedRef<number | null>
  /** Null also while it is not known yet. */
  open: ComputedRef<ConversationView | null>
  select: (conversationId: number | null) => void
}

export const [openConversationKey, useOpenConversation] = storeKey<OpenConversation>('open conversation')

export function createOpenConversation(router: Router, conversations: Conversations): OpenConversation {
  const selected = computed(() => {
    const { page, argument } = router.route.value
    return page === 'conversations' && /^[1-9]\d*$/.test(argument) ? Number(argument) : null
  })
  return {
    selected,
    open: computed(() => (selected.value === null ? null : (conversations.byId.get(selected.value) ?? null))),
    select(conversationId) {
      router.go('conversations', conversationId === null ? '' : String(conversationId))
    },
  }
}
