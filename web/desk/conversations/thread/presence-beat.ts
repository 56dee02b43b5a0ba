import { useIntervalFn, useTimeoutFn } from '@vueuse/core'
import { onScopeDispose } from 'vue'
import { DeskError } from '../../api/client.js'
import { watchActivity } from './activity.js'

/** How often the service is told that somebody still looks. */
const beatMs = 15_000
/** Typing ends so long after the last key. */
const typingMs = 5000

/**
 * Tells the service that the conversation is looked at, and typed in, for as long as it is; and whether the page is
 * used, so that a forgotten one holds nobody. Gives what is to be called with each key. It ends with its effect scope.
 */
export function usePresenceBeat(tell: (typing: boolean, active: boolean) => Promise<void>): () => void {
  let isTyping = false
  const activity = watchActivity({
    target: window,
    hasFocus: () => document.visibilityState === 'visible' && document.hasFocus(),
    clock: () => performance.now(),
    onBegin: say,
  })
  onScopeDispose(activity.stop)

  function say(): void {
    if (document.visibilityState !== 'visible') return
    tell(isTyping, activity.isActive()).catch((error: unknown) => {
      if (!(error instanceof DeskError)) throw error
    })
  }
  useIntervalFn(say, beatMs)
  const rests = useTimeoutFn(
    () => {
      isTyping = false
      say()
    },
    typingMs,
    { immediate: false },
  )
  return () => {
    rests.start()
    if (isTyping) return
    isTyping = true
    say()
  }
}
