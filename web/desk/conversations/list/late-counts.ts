import { onScopeDispose } from 'vue'

/** Milliseconds that events are gathered for. */
const gatherMs = 150
/** Milliseconds between two readings at least. */
const betweenMs = 1000

/** Counts are the server's: read once after a burst of events, and not more often than they can be read. */
export function createLateCounts(read: () => Promise<void>): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let readAt = -Infinity
  onScopeDispose(() => {
    clearTimeout(timer)
  })
  return () => {
    timer ??= setTimeout(
      () => {
        timer = undefined
        readAt = performance.now()
        void read()
      },
      Math.max(gatherMs, readAt + betweenMs - performance.now()),
    )
  }
}
