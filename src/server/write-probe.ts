import { randomBytes } from 'node:crypto'
import type { Store } from '../store/index.js'
import type { Inbox } from '../webhook/index.js'

/** For so long a write that went well speaks for those after it. */
const GOOD_MS = 30_000
/** So soon after one that failed the next is tried. */
const BAD_MS = 1000
/** As many bytes as several pushes: what fits into the room that an earlier write left proves nothing. */
const BYTES = 24 * 1024
const KEY = 'write_probe'

export interface WriteProbeOptions {
  readonly store: Pick<Store, 'db'>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * Knows whether the database takes writes: by the pushes that come, and where none came of late by a write of its
 * own. A full disk still answers every question.
 */
export class WriteProbe {
  readonly #options: WriteProbeOptions
  #known: { readonly works: boolean; readonly at: number } | undefined
  #running: Promise<boolean> | undefined

  constructor(options: WriteProbeOptions) {
    this.#options = options
  }

  /** Whether what comes now could be kept. However often it is asked, it writes once in half a minute at most, and once in a second while writes fail. */
  async works(): Promise<boolean> {
    const known = this.#known
    const age = known ? Math.abs(this.#options.now() - known.at) : Infinity
    if (known && age < (known.works ? GOOD_MS : BAD_MS)) return known.works
    this.#running ??= this.#write().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** An inbox whose pushes tell whether writes go well; one that could not be kept has the next question looked into. */
  watching(inbox: Inbox): Inbox {
    return {
      accept: async (push) => {
        try {
          const accepted = await inbox.accept(push)
          if (accepted.repeat !== true) this.#known = { works: true, at: this.#options.now() }
          return accepted
        } catch (error) {
          this.#known = undefined
          throw error
        }
      },
    }
  }

  async #write(): Promise<boolean> {
    const works = await this.#tryWriting()
    this.#known = { works, at: this.#options.now() }
    return works
  }

  async #tryWriting(): Promise<boolean> {
    const { db } = this.#options.store
    // Random: what compresses takes no room.
    const value = randomBytes(BYTES).toString('base64')
    try {
      await db
        .insertInto('setting')
        .values({ key: KEY, value })
        .onConflict((oc) => oc.column('key').doUpdateSet({ value }))
        .execute()
      await db.deleteFrom('setting').where('key', '=', KEY).execute()
      return true
    } catch {
      return false
    }
  }
}
