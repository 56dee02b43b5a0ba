import type { Ref } from 'vue'
import { isComposing } from '../../../both/composing.js'
import { useSettings } from '../../settings/settings.js'
import type { CannedInsertion } from './canned-insertion.js'
import { replyKeyGuard } from './reply-key.js'

export interface ComposerKeysOptions {
  text: Readonly<Ref<string>>
  textBox: Readonly<Ref<HTMLTextAreaElement | null>>
  /** The list of canned replies, while it is open: it has the arrows and Enter. */
  menu: Readonly<Ref<{ onKey: (event: KeyboardEvent) => boolean } | null>>
  canned: Pick<CannedInsertion, 'query' | 'dismiss'>
  submit: () => void
}

/** What keys do in the text box. `guard` keeps the keys of shortcuts out of it. */
export function useComposerKeys({ text, textBox, menu, canned, submit }: ComposerKeysOptions): {
  guard: ReturnType<typeof replyKeyGuard>
  onKey: (event: KeyboardEvent) => void
} {
  const settings = useSettings()
  const guard = replyKeyGuard()

  /** To the list, where J and K go on; where there is none in sight, only out of the text. */
  function leave(): void {
    const list = document.querySelector<HTMLElement>('[role=listbox] [role=option][tabindex="0"]')
    if (list?.checkVisibility() === true) list.focus()
    else textBox.value?.blur()
  }

  function onKey(event: KeyboardEvent): void {
    if (isComposing(event)) return
    if (guard.swallows(event) && text.value === '') {
      event.preventDefault()
      return
    }
    if (canned.query.value !== null && menu.value?.onKey(event) === true) {
      event.preventDefault()
      return
    }
    if (event.key === 'Escape') {
      if (canned.query.value === null) leave()
      else canned.dismiss()
      return
    }
    if (event.key !== 'Enter' || event.shiftKey || event.altKey) return
    if (!settings.enterSends && !event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    submit()
  }
  return { guard, onKey }
}
