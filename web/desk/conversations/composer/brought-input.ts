import { ref, type Ref } from 'vue'
import { useI18n } from '../../locales/i18n.js'
import { useWriting } from '../writing/writing.js'
import { useToasts } from '../../stores/toasts.js'
import { broughtBy, wantedOf } from '../../text/clipboard-content.js'
import type { ComposerBox } from './composer-box.js'

/** What is pasted or dropped on the composer. */
export function useBrought(
  { contact, kind, lock, text: written }: ComposerBox,
  textBox: Readonly<Ref<HTMLTextAreaElement | null>>,
): {
  /** Whether something is held over the composer. */
  isOver: Ref<boolean>
  paste: (event: ClipboardEvent) => void
  drop: (event: DragEvent) => void
} {
  const writing = useWriting()
  const toasts = useToasts()
  const { t } = useI18n()
  const isOver = ref(false)

  function take(event: Event, data: DataTransfer | null): void {
    const { text, isPlain, pictures, hasOther } = wantedOf(broughtBy(data))
    if (lock.value !== null) {
      event.preventDefault()
      toasts.say(t.value('writing.locked'), 'bad')
      return
    }
    // The browser puts plain text where the caret is, and can take it back again.
    if (text !== '' && isPlain && event.target === textBox.value) return
    event.preventDefault()
    if (text !== '') insert(text)
    else writing.addPictures(contact.value, kind.value, pictures, hasOther)
  }

  function insert(text: string): void {
    const element = textBox.value
    if (!element) return
    element.focus()
    const { selectionStart, selectionEnd } = element
    element.setRangeText(text, selectionStart, selectionEnd, 'end')
    written.value = element.value
  }

  return {
    isOver,
    paste(event) {
      take(event, event.clipboardData)
    },
    drop(event) {
      isOver.value = false
      take(event, event.dataTransfer)
    },
  }
}
