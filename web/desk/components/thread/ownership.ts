import { ref, type Ref } from 'vue'
import type { ConversationView } from '../../api/views.js'
import { useWorkspace } from '../../state/workspace.js'
import type { OwnershipAction } from './ownership-actions.js'

/** Takes, gives back, closes and reopens a conversation. */
export function useOwnership(conversation: () => ConversationView): {
  busy: Ref<boolean>
  /** Whether it is being asked if a colleague's conversation shall be taken. */
  confirming: Ref<boolean>
  act: (name: Exclude<OwnershipAction['name'], 'assign'>, sure?: boolean) => Promise<void>
} {
  const { client, conversations, run, me, list } = useWorkspace()
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
        conversations.put(await (name === 'take' ? client.take(id, epoch) : client[name](id)))
        void list.reloadCounts()
      })
      busy.value = false
    },
  }
}
