/** How long after the caret came by itself an R still asks for it. */
const armedMs = 2000

/**
 * Keeps the R of somebody who pressed T and then R out of their message: the caret may have come in between. Only the
 * first key counts, and only soon.
 */
export function replyKeyGuard(): {
  /** The caret came by itself, at a moment of the events' clock. */
  arm(at: number): void
  disarm(): void
  /** Whether this key was for the caret and not for the text. */
  swallows(event: Pick<KeyboardEvent, 'key' | 'timeStamp' | 'ctrlKey' | 'metaKey' | 'altKey'>): boolean
} {
  let armedAt: number | null = null
  return {
    arm(at) {
      armedAt = at
    },
    disarm() {
      armedAt = null
    },
    swallows({ key, timeStamp, ctrlKey, metaKey, altKey }) {
      const since = armedAt
      armedAt = null
      if (since === null || ctrlKey || metaKey || altKey) return false
      return key.toLowerCase() === 'r' && timeStamp - since < armedMs
    },
  }
}
