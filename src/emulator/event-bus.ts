import type { EmulatorEvent } from './protocol.js'

export type EventListener = (event: EmulatorEvent) => void

/** Hands each event to whoever listens: event streams, long polls and the handles of tests. */
export class EventBus {
  readonly #listeners = new Set<EventListener>()

  /** Returns how to stop listening. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** How many listen at the moment. */
  get size(): number {
    return this.#listeners.size
  }

  emit(event: EmulatorEvent): void {
    for (const listener of [...this.#listeners]) listener(event)
  }
}
