import { watch } from 'vue'
import { pendingOf } from '../composer/machine/pending.js'
import type { Threads } from './threads.js'
import type { Writing } from '../writing/writing.js'

/** Shows in each thread what is on its way there. Gives how to end that. */
export function showPending(writing: Writing, threads: Threads): () => void {
  /** Those that a live event told before the service answered: they are messages already. */
  const delivered = new Set<string>()
  const shown = new Map<number, string[]>()

  return watch(
    () => [writing.state.value.submits, writing.state.value.seen, writing.urls.size] as const,
    () => {
      const found = pendingOf(writing.state.value, writing.urls)
      for (const [conversationId, names] of shown) {
        const there = new Set(threads.peek(conversationId)?.pending.map(({ clientId }) => clientId))
        for (const name of names) if (!there.has(name)) delivered.add(name)
        if (!found.has(conversationId)) found.set(conversationId, [])
      }
      for (const [conversationId, all] of found) {
        if (conversationId === 0) continue
        const list = all.filter(({ clientId, state }) => state === 'failed' || !delivered.has(clientId))
        shown.set(
          conversationId,
          list.map(({ clientId }) => clientId),
        )
        threads.setPending(conversationId, list)
      }
    },
    { immediate: true },
  )
}
