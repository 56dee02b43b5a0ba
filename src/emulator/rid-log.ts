import type { ApiCall } from './protocol.js'

interface Entry {
  readonly call: ApiCall
  readonly appId: string | null
  readonly clientIp: string
  /** On the emulator's clock. */
  readonly at: number
}

const maxEntries = 1000

/** The last calls by WeChat's request id. */
export class RidLog {
  readonly #entries = new Map<string, Entry>()

  add(rid: string, entry: Entry): void {
    this.#entries.set(rid, entry)
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= maxEntries) break
      this.#entries.delete(oldest)
    }
  }

  get(rid: string): Entry | undefined {
    return this.#entries.get(rid)
  }

  /** Forgets an app's. */
  forget(appId: string): void {
    for (const [rid, entry] of this.#entries) if (entry.appId === appId) this.#entries.delete(rid)
  }
}
