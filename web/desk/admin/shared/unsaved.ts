import { onUnmounted, ref, watch, type Ref } from 'vue'
import type { Route, Router } from '../../router.js'

export interface Unsaved {
  /** Where somebody wants to go while there are changes; null when nobody does. */
  leaving: Ref<Route | null>
  stay: () => void
  leave: () => void
}

/** Keeps a page with changes that are not saved: who leaves it is asked, here or by the browser. */
export function keepUnsaved(isChanged: Readonly<Ref<boolean>>, router: Router): Unsaved {
  const leaving = ref<Route | null>(null)
  let release = (): void => undefined
  function warn(event: BeforeUnloadEvent): void {
    event.preventDefault()
  }
  function letGo(): void {
    release()
    window.removeEventListener('beforeunload', warn)
  }
  watch(
    isChanged,
    (changed) => {
      letGo()
      if (!changed) return
      release = router.hold((to) => {
        leaving.value = to
      })
      window.addEventListener('beforeunload', warn)
    },
    { immediate: true, flush: 'sync' },
  )
  onUnmounted(letGo)
  return {
    leaving,
    stay() {
      leaving.value = null
    },
    leave() {
      const to = leaving.value
      leaving.value = null
      letGo()
      if (to) router.go(to.page, to.argument, to.detail)
    },
  }
}
