import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Store } from '../store/index.js'

/** As for passwords: so many wrong ones from one network within a quarter of an hour. */
const WINDOW_MS = 15 * 60_000
export const WRONG_KEYS_PER_NETWORK = 30

/** A key while it is tried. */
export interface KeyAttempt {
  /** The key may be looked at. */
  readonly allowed: boolean
  /** The first that is refused, which is worth a line. */
  readonly first: boolean
  /** When to come again, in seconds. */
  readonly retryAfter: number
  /** The key was right: it does not count. */
  succeeded(): Promise<void>
}

export interface KeyLimitOptions {
  readonly store: Pick<Store, 'db'>
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Returns the part of an address that stands for one client. */
  readonly networkOf: (address: string) => string
}

/**
 * Counts wrong keys by network in the database, so that processes and restarts don't multiply them. A key is counted
 * before it is looked at, so that many at once count as many.
 */
export class KeyLimit {
  readonly #options: KeyLimitOptions

  constructor(options: KeyLimitOptions) {
    this.#options = options
  }

  async attempt(address: string): Promise<KeyAttempt> {
    const key = createHash('sha256')
      .update(`wrong-key:${this.#options.networkOf(address)}`)
      .digest('base64url')
    const { count, until } = (await this.#refused(key)) ?? (await this.#count(key))
    return {
      allowed: count <= WRONG_KEYS_PER_NETWORK,
      first: count === WRONG_KEYS_PER_NETWORK + 1,
      retryAfter: Math.max(Math.ceil((until - this.#options.now()) / 1000), 1),
      succeeded: async () => {
        await this.#options.store.db
          .updateTable('sign_in_attempt')
          .set((eb) => ({ count: eb('count', '-', 1) }))
          .where('key', '=', key)
          .where('count', '>', 0)
          .execute()
      },
    }
  }

  /** A network that is refused already costs no more than a look. */
  async #refused(key: string): Promise<{ count: number; until: number } | undefined> {
    const row = await this.#options.store.db
      .selectFrom('sign_in_attempt')
      .select('until')
      .where('key', '=', key)
      .where('until', '>', this.#options.now())
      .where('count', '>', WRONG_KEYS_PER_NETWORK)
      .executeTakeFirst()
    return row && { count: Infinity, until: row.until }
  }

  async #count(key: string): Promise<{ count: number; until: number }> {
    const { store, now } = this.#options
    const at = now()
    await store.db.deleteFrom('sign_in_attempt').where('until', '<=', at).execute()
    return store.db
      .insertInto('sign_in_attempt')
      .values({ key, count: 1, until: at + WINDOW_MS })
      .onConflict((oc) => oc.column('key').doUpdateSet({ count: sql`sign_in_attempt.count + 1` }))
      .returning(['count', 'until'])
      .executeTakeFirstOrThrow()
  }
}
