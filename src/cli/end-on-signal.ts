import { setTimeout as delay } from 'node:timers/promises'

/** Milliseconds. An end that takes longer is cut off, and its exit code is 1: container engines kill after 10 s. */
const CLOSE_MS = 5000

/**
 * Ends the process with 0 on SIGTERM or SIGINT, once what it runs is closed; at once when it is asked a second time, as
 * some shells and package managers do. From the first call on, so that a start can be ended as well.
 */
export function endOnSignal(): { closes(close: () => Promise<void>): void } {
  let close = async (): Promise<void> => undefined
  let isEnding = false
  const end = (): void => {
    if (isEnding) process.exit(0)
    isEnding = true
    const closed = close().then(() => 0)
    const cut = delay(CLOSE_MS, 1, { ref: false })
    void Promise.race([closed, cut]).then((code) => process.exit(code))
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end)
  return {
    closes(how) {
      close = how
    },
  }
}
