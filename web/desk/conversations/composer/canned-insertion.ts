import { computed, nextTick, ref, type ComputedRef, type Ref } from 'vue'
import { cannedQuery } from '../../text/canned-search.js'
import type { ComposerBox } from './composer-box.js'

export interface CannedInsertion {
  /** What is looked for behind a 「/」; null when nothing is. */
  query: ComputedRef<string | null>
  /** To be called whenever the caret may have moved. */
  track(): void
  typed(): void
  dismiss(): void
  /** Puts a canned reply in the place of the 「/…」 that found it; the agent sends it. */
  insert(content: string): Promise<void>
  /** Begins a line with 「/」, as if it had been typed. */
  begin(): Promise<void>
}

/** Canned replies in the text: found by what stands before the caret. */
export function useCannedInsertion(
  { text, kind, choose }: ComposerBox,
  box: Readonly<Ref<HTMLTextAreaElement | null>>,
): CannedInsertion {
  const caret = ref(0)
  const isDismissed = ref(false)
  const found = computed(() =>
    kind.value === 'reply' && !isDismissed.value ? cannedQuery(text.value, caret.value) : null,
  )

  function track(): void {
    caret.value = box.value?.selectionStart ?? 0
  }
  function typed(): void {
    track()
    isDismissed.value = false
  }
  async function placeCaret(at: number): Promise<void> {
    await nextTick()
    box.value?.focus()
    box.value?.setSelectionRange(at, at)
    track()
  }

  return {
    query: computed(() => found.value?.query ?? null),
    track,
    typed,
    dismiss() {
      isDismissed.value = true
    },
    async insert(content) {
      const start = found.value?.start ?? caret.value
      text.value = text.value.slice(0, start) + content + text.value.slice(caret.value)
      await placeCaret(start + content.length)
    },
    async begin() {
      choose('reply')
      if (found.value !== null) {
        await placeCaret(caret.value)
        return
      }
      text.value += text.value === '' || text.value.endsWith('\n') ? '/' : '\n/'
      await placeCaret(text.value.length)
      typed()
    },
  }
}
