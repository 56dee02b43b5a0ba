import { ref, type Ref } from 'vue'
import type { ConversationView } from '../../api/views.js'
import { type Undoable, useUndo } from '../undo.js'
import { useClient } from '../../api/client.js'
import { useConversations } from '../conversations.js'
import { useConversationList } from '../list/conversation-list.js'
import { usePrincipal } from '../../stores/principal.js'
import { useProblems } from '../../stores/problems.js'
import type { OwnershipAction } from './ownership-actions.js'

/** Takes, gives back, closes and reopens a conversation. */
export function useOwnership(conversation: () => ConversationView): {
  busy: Ref<boolean>
  /** Whether it is being asked if a colleague's conversation shall be taken. */
  confirming: Ref<boolean>
  act: (name: Exclude<OwnershipAction['name'], 'assign'>, sure?: boolean) => Promise<void>
} {
  const client = useClient()
  const conversations = useConversations()
  const { run } = useProblems()
  const { me } = usePrincipal()
  const list = useConversationList()
  const undo = useUndo()
  const busy = ref(false)
  const confirming = ref(false)
  return {
    busy,
    confirming,
    async act(name, sure = false) {
      const { id, status, agent, epoch } = conversation()
      if (name === 'take' && status === 'assigned' && agent?.id !== me.id && !sure) {
        confirming.value = true
        return
      }
      confirming.value = false
      if (busy.value) return
      busy.value = true
      await run(async () => {
        const askedAt = performance.now()
        // Whoever opens it again has it: it was not meant to wait for somebody else.
        const isTake = name === 'take' || name === 'reopen'
        const view = await (isTake ? client.take(id, epoch) : client[name](id))
        conversations.put(view)
        if (isUndoable(name)) undo.offer({ what: name, view }, askedAt)
        else undo.dismiss()
        void list.reloadCounts()
      })
      busy.value = false
    },
  }
}

function isUndoable(name: OwnershipAction['name']): name is Undoable['what'] {
  return name === 'close' || name === 'release'
}
