import { refAutoReset } from '@vueuse/core'
import { watch, type Ref } from 'vue'
import type { MessageView } from '../../api/views.js'

/** More at once are not read out: their number is on the button that leads to them. */
const mostAtOnce = 3
/** So long it stays, in milliseconds: who steps through the page does not find old news. */
const stayMs = 8000

/**
 * What a screen reader says of messages that come while the log can't: where their part of the thread is not in the
 * page, or the log is busy with old ones. Those that come into the log are said by the log.
 */
export function useAnnouncer({
  messages,
  isSaid,
  words,
}: {
  messages: () => readonly MessageView[]
  /** Whether the log says it. */
  isSaid: (message: MessageView) => boolean
  words: (message: MessageView) => string
}): Ref<string> {
  const text = refAutoReset('', stayMs)
  watch(
    () => messages().at(-1)?.id,
    (_now, before) => {
      if (before === undefined) return
      const news = messages()
        .slice(-mostAtOnce)
        .filter((message) => message.id > before && !isSaid(message))
      if (news.length === 0) return
      text.value = news.map(words).join('\n')
    },
  )
  return text
}
