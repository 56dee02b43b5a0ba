import { ref, watch, type Ref } from 'vue'

interface Overlay {
  /** The element that is shown above the rest. */
  panel: Ref<HTMLElement | null>
  close: () => void
}

/** What is shown while `shown` holds something: takes the focus into its first button, and gives it back. */
export function useOverlay(shown: Ref<unknown>): Overlay {
  const panel: Overlay['panel'] = ref(null)
  let before: Element | null = null
  let opener: Element | null = null
  // After the page has changed: what lies below is inert while this is shown, and can't take the focus before.
  watch(
    shown,
    (value, previous) => {
      if (value === null) {
        if (before instanceof HTMLElement) before.focus()
      } else if (previous === null) {
        before = opener
        panel.value?.querySelector('button')?.focus()
      }
    },
    { flush: 'post' },
  )
  watch(shown, () => {
    opener = document.activeElement
  })
  return {
    panel,
    close: () => {
      shown.value = null
    },
  }
}
