import type { EmulatorEvent } from './protocol.js'

export type EventListener = (event: EmulatorEvent) => void

/** Hands each event to whoever listens: the pages' event streams and the handles of tests. */
export class EventBus {
  readonly #listeners = new Set<EventListener>()

  /** Returns how to stop listening. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  emit(event: EmulatorEvent): void {
    for (const listener of [...this.#listeners]) listener(event)
  }
}
