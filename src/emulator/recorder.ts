import type { EventBus } from './event-bus.js'
import type { ApiCall, Delivery } from './protocol.js'

/** Items of each kind that are kept. */
const maxItems = 1000

/** The last pushes and API calls, with what they carried. */
export class Recorder {
  readonly #bus: EventBus
  #deliveries: Delivery[] = []
  #calls: ApiCall[] = []
  #sequence = 0

  constructor(bus: EventBus) {
    this.#bus = bus
  }

  get deliveries(): readonly Delivery[] {
    return this.#deliveries
  }

  get calls(): readonly ApiCall[] {
    return this.#calls
  }

  addDelivery(fields: Omit<Delivery, 'id' | 'sequence'>): Delivery {
    const sequence = ++this.#sequence
    const delivery: Delivery = { id: `delivery-${sequence}`, sequence, ...fields }
    this.#deliveries = append(this.#deliveries, delivery)
    this.changed(delivery)
    return delivery
  }

  /** A delivery went on: tell the listeners. */
  changed(delivery: Delivery): void {
    this.#bus.emit({ type: 'delivery', delivery: structuredClone(delivery) })
  }

  addCall(fields: Omit<ApiCall, 'id' | 'sequence'>): ApiCall {
    const sequence = ++this.#sequence
    const call: ApiCall = { id: `call-${sequence}`, sequence, ...fields }
    this.#calls = append(this.#calls, call)
    this.#bus.emit({ type: 'call', call })
    return call
  }

  /** Forgets an app's. */
  forget(appId: string): void {
    this.#deliveries = this.#deliveries.filter((delivery) => delivery.appId !== appId)
    this.#calls = this.#calls.filter((call) => call.appId !== appId)
  }

  clear(): void {
    this.#deliveries = []
    this.#calls = []
  }
}

// A new array each time: one that was handed out does not change under its reader.
function append<T>(items: readonly T[], item: T): T[] {
  return [...items.slice(1 - maxItems), item]
}
