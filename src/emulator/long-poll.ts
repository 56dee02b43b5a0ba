import type { EventEmitter } from 'node:events'
import type { EventBus } from './event-bus.js'
import type { EmulatorEvent } from './protocol.js'

/** Milliseconds that `?wait=` may have at most: proxies and clients often give up after a minute. */
export const maxWaitMs = 60_000

export interface LongPoll {
  /** Milliseconds. 0 answers at once. */
  readonly waitMs: number
  readonly bus: EventBus
  /** Which events may have brought an item: only after these the list is looked at again. */
  readonly wakes: (event: EmulatorEvent) => boolean
  /** The response, whose end releases what waits for it. */
  readonly response: Pick<EventEmitter, 'once' | 'off'>
  /** Aborted when the world ends. */
  readonly closed: AbortSignal
}

/**
 * The items of a list as soon as there is one, or what there is when the time has passed, the client has gone or the
 * world has ended. Nothing is polled inside: an event wakes it. Rejects with what `look` throws.
 */
export async function untilSome<T>(look: () => readonly T[], poll: LongPoll): Promise<readonly T[]> {
  const { waitMs, bus, wakes, response, closed } = poll
  const found = look()
  if (found.length > 0 || waitMs === 0 || closed.aborted) return found
  return new Promise((resolve, reject) => {
    const stop = bus.listen((event) => {
      if (wakes(event)) again(false)
    })
    const giveUp = (): void => {
      again(true)
    }
    const timer = setTimeout(giveUp, waitMs)
    response.once('close', giveUp)
    closed.addEventListener('abort', giveUp)

    function again(isLast: boolean): void {
      try {
        const items = look()
        if (items.length === 0 && !isLast) return
        release()
        resolve(items)
      } catch (error) {
        release()
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    }

    function release(): void {
      stop()
      clearTimeout(timer)
      response.off('close', giveUp)
      closed.removeEventListener('abort', giveUp)
    }
  })
}
