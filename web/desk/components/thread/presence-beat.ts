import { DeskError } from '../../api/client.js'

/** How often the service is told that somebody still looks. */
const beatMs = 15_000
/** Typing ends so long after the last key. */
const typingMs = 5000

/** Tells the service that the conversation is looked at, and typed in, for as long as it is. */
export function keepPresence(tell: (typing: boolean) => Promise<void>): { typing(): void; stop(): void } {
  let isTyping = false
  let typingTimer: ReturnType<typeof setTimeout> | undefined

  function say(): void {
    if (document.visibilityState !== 'visible') return
    tell(isTyping).catch((error: unknown) => {
      if (!(error instanceof DeskError)) throw error
    })
  }
  const timer = setInterval(say, beatMs)
  return {
    typing() {
      clearTimeout(typingTimer)
      typingTimer = setTimeout(() => {
        isTyping = false
        say()
      }, typingMs)
      if (isTyping) return
      isTyping = true
      say()
    },
    stop() {
      clearInterval(timer)
      clearTimeout(typingTimer)
    },
  }
}
