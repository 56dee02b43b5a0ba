import { computed, nextTick, onUnmounted, watch, type ComputedRef, type Ref } from 'vue'
import { useWriting } from '../writing/writing.js'
import { useAfterPress } from './after-press.js'
import type { Contact } from './machine/state.js'

export interface ComposerFocusOptions {
  contact: Readonly<Ref<Contact>>
  /** Whether the conversation is the agent's. */
  isMine: () => boolean
  /** Called when it became the agent's, and the text box has the focus for that. */
  onMine: () => void
}

/** When the text box has the focus, and when it is given it. */
export function useComposerFocus(
  textBox: Readonly<Ref<HTMLTextAreaElement | null>>,
  { contact, isMine, onMine }: ComposerFocusOptions,
): { isFocused: ComputedRef<boolean>; focus: () => Promise<void>; onBlur: () => void } {
  const writing = useWriting()
  const afterPress = useAfterPress()

  async function focus(): Promise<void> {
    await nextTick()
    textBox.value?.focus()
  }
  // Whoever takes a conversation wants to answer; who writes elsewhere is not called away.
  watch(isMine, async (isNow) => {
    if (!isNow || document.activeElement?.closest('input, textarea, select, [role=dialog]')) return
    await focus()
    onMine()
  })
  onUnmounted(() => {
    writing.send({ type: 'blurred', contact: contact.value })
  })

  return {
    isFocused: computed(() => writing.state.value.focused === contact.value),
    focus,
    onBlur() {
      // Whoever goes to another window and comes back has the caret where it was.
      const left = contact.value
      // An empty box gets smaller then, and what was pressed would slip from under the pointer.
      afterPress(() => {
        if (document.activeElement !== textBox.value) writing.send({ type: 'blurred', contact: left })
      })
    },
  }
}
