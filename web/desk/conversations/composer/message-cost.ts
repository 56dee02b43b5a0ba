import { computed, ref, type ComputedRef } from 'vue'
import type { ConversationView } from '../../api/views.js'
import { useI18n } from '../../locales/i18n.js'
import { useClock } from '../../stores/clock.js'
import { useToasts } from '../../stores/toasts.js'
import { utf8Bytes } from '../../text/bytes.js'
import { composerLimits } from '../../text/composer-limits.js'
import { condense } from '../../text/condense.js'
import { splitText } from '../../text/split-text.js'
import { windowLook } from '../../text/window-look.js'
import type { ComposerBox } from './composer-box.js'

export interface MessageCost {
  /** The messages that a long text becomes; none for one that is not long. */
  parts: ComputedRef<string[]>
  /** Whether it is more than WeChat still allows. */
  tooMany: ComputedRef<boolean>
  /** What is to be said about it; empty when there is nothing. */
  words: ComputedRef<string>
  /** Whether the text was made shorter and can be put back. */
  canRestore: ComputedRef<boolean>
  /** Leaves out of the text what costs and says nothing. */
  shorten(): void
  restore(): void
}

/** Characters that are handed over at once; a note's limit is the service's. What is longer is said, and never cut. */
const longest = { reply: 20_000, note: 10_000 } as const

/** How much of the allowance the reply takes, with the pictures beside it. */
export function useMessageCost(
  conversation: () => ConversationView,
  { text, kind, lock, pictures }: ComposerBox,
): MessageCost {
  const { t } = useI18n()
  const { now } = useClock()
  const toasts = useToasts()
  /** The text before it was made shorter, and after. */
  const shortened = ref<{ before: string; after: string } | null>(null)

  const bytes = computed(() => utf8Bytes(text.value))
  const isLong = computed(
    () => text.value.length > composerLimits.longText || bytes.value > composerLimits.textBytes,
  )
  const isEndless = computed(() => text.value.length > longest[kind.value])
  const parts = computed(() =>
    kind.value === 'reply' && isLong.value && !isEndless.value ? splitText(text.value.trim()) : [],
  )
  const cost = computed(
    () => pictures.value.length + (text.value.trim() === '' ? 0 : Math.max(1, parts.value.length)),
  )
  const remaining = computed(() => {
    const look = windowLook(conversation().allowance, now.value)
    return 'remaining' in look ? look.remaining : 0
  })
  const tooMany = computed(
    () => isEndless.value || (kind.value === 'reply' && lock.value === null && cost.value > remaining.value),
  )
  const words = computed(() => {
    if (isEndless.value)
      return t.value('composer.endless', { count: text.value.length, most: longest[kind.value] })
    if (kind.value === 'note') return ''
    if (tooMany.value) return t.value('composer.tooMany', { cost: cost.value, remaining: remaining.value })
    if (parts.value.length > 1) return t.value('composer.split', { count: parts.value.length })
    if (isLong.value) return t.value('composer.long', { count: text.value.length })
    return cost.value > 1 ? t.value('composer.cost', { cost: cost.value }) : ''
  })

  return {
    parts,
    tooMany,
    words,
    canRestore: computed(() => shortened.value?.after === text.value),
    shorten() {
      const before = text.value
      const after = condense(before)
      const [was, is] = [parts.value.length, splitText(after).length]
      if (after !== before) {
        shortened.value = { before, after }
        text.value = after
      }
      // What would have to go for one message less, in Chinese characters.
      const over = Math.ceil((utf8Bytes(after) - (is - 1) * composerLimits.textBytes) / 3)
      if (is < was) toasts.say(t.value('composer.shortened', { was, is }), 'good')
      else if (after !== before) toasts.say(t.value('composer.shortenedSame', { is, over }))
      else toasts.say(t.value('composer.shortenNoMore', { over }))
    },
    restore() {
      if (shortened.value) text.value = shortened.value.before
      shortened.value = null
    },
  }
}
