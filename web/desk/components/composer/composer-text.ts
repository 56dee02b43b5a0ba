import { computed, ref, watch, type ComputedRef, type Ref, type WritableComputedRef } from 'vue'
import type { ConversationView } from '../../api/views.js'
import { useI18n } from '../../locales/i18n.js'
import { useWorkspace } from '../../state/workspace.js'
import { canSend } from '../../text/window-look.js'

export type ComposerTab = 'reply' | 'note'

export interface ComposerText {
  /** Whether the conversation is one's own, so that the customer can be answered. */
  mine: ComputedRef<boolean>
  tab: WritableComputedRef<ComposerTab>
  /** The draft of the tab that is shown. */
  text: Ref<string>
  /** Whether WeChat takes nothing now. */
  locked: ComputedRef<boolean>
  /** Why only notes can be written; empty when that is not so. */
  lock: ComputedRef<string>
}

/** What is written in one conversation, and whether it may be. */
export function useComposerText(conversation: () => ConversationView): ComposerText {
  const { t } = useI18n()
  const workspace = useWorkspace()
  const { drafts, now } = workspace
  const mine = computed(() => workspace.isMine(conversation()))
  const chosen = ref<ComposerTab>('reply')
  const tab = computed({
    get: () => (mine.value ? chosen.value : 'note'),
    set: (value) => {
      chosen.value = value
    },
  })
  // Whoever takes a conversation wants to answer.
  watch(mine, (isNow) => {
    if (isNow) chosen.value = 'reply'
  })

  return {
    mine,
    tab,
    text: computed({
      get: () => drafts.of(conversation().id)[tab.value],
      set: (value) => {
        drafts.of(conversation().id)[tab.value] = value
        drafts.changed(conversation().id)
      },
    }),
    locked: computed(() => tab.value === 'reply' && !canSend(conversation().allowance, now.value)),
    lock: computed(() => {
      const { status, agent } = conversation()
      if (mine.value) return ''
      return status === 'assigned'
        ? t.value('lock.colleague', { name: agent?.name ?? '' })
        : t.value(`lock.${status}`)
    }),
  }
}
