import { ref, type Ref } from 'vue'
import type { ConversationView } from '../../api/views.js'
import { submitId } from '../../state/drafts.js'
import { useWorkspace } from '../../state/workspace.js'
import { splitText } from '../../text/split-text.js'
import type { ComposerText } from './composer-text.js'

/** Hands over what is written: to the customer, or to colleagues as a note. */
export function useSubmit(
  conversation: () => ConversationView,
  { text }: ComposerText,
): {
  sendText: () => void
  saveNote: () => Promise<void>
  isSaving: Ref<boolean>
} {
  const { drafts, outgoing, threads, client, run } = useWorkspace()
  const isSaving = ref(false)

  return {
    isSaving,
    sendText() {
      const { id } = conversation()
      const content = text.value.trim()
      if (content === '') return
      const name = submitId(drafts.of(id).id, content)
      const parts = splitText(content)
      for (const [index, part] of parts.entries())
        outgoing.send(id, parts.length === 1 ? name : `${name}.${index}`, { msgType: 'text', content: part })
      drafts.done(id, 'reply')
    },
    async saveNote() {
      if (isSaving.value) return
      isSaving.value = true
      const { id } = conversation()
      const done = await run(async () => {
        threads.putNew(await client.note(id, text.value.trim()))
      })
      isSaving.value = false
      if (done) drafts.done(id, 'note')
    },
  }
}
