import { watch, type Ref } from 'vue'
import type { ConversationView } from '../../api/views.js'
import { seenOf } from '../composer/machine/seen.js'
import { contactOf } from '../composer/machine/state.js'
import type { Writing } from './writing.js'

export interface FollowOpenOptions {
  writing: Pick<Writing, 'send'>
  open: Readonly<Ref<ConversationView | null>>
  /** Milliseconds since 1970 on the server's clock. */
  now: Readonly<Ref<number>>
  meId: number
}

/** What is known of the open conversation decides what can be done with what is written there. */
export function followOpen({ writing, open, now, meId }: FollowOpenOptions): void {
  watch(
    [open, now],
    () => {
      const view = open.value
      if (view) writing.send({ type: 'seen', contact: contactOf(view), seen: seenOf(view, meId, now.value) })
    },
    { immediate: true },
  )
  watch(
    () => (open.value ? contactOf(open.value) : null),
    (contact) => {
      if (contact !== null) writing.send({ type: 'looked', contact })
    },
    { immediate: true },
  )
}
