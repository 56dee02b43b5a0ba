import type { ConversationView } from '../../../api/views.js'
import { canSend } from '../../../text/window-look.js'
import type { Seen } from './state.js'

/** What a conversation is for who writes in it, at a moment of the service's clock. */
export function seenOf(view: ConversationView, agentId: number, now: number): Seen {
  const { id, status, agent, allowance } = view
  return {
    conversationId: id,
    status,
    isMine: status === 'assigned' && agent?.id === agentId,
    ownerName: agent?.name ?? '',
    isOpen: canSend(allowance, now),
  }
}
