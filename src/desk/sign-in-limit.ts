import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { sql } from 'kysely'
import type { Store } from '../store/index.js'

const WINDOW_MS = 15 * 60_000
/** Attempts in vain within the window, after which nothing is tried any more. */
export const ATTEMPTS_PER_ACCOUNT = 10
export const ATTEMPTS_PER_ADDRESS = 30

/** What stands for an attempt while it is tried. */
export interface Attempt {
  /** Within both limits: the password may be looked at. */
  readonly allowed: boolean
  /** The first that is refused for its account or address, which is worth a line. */
  readonly first: boolean
  /** When to come again, in seconds. */
  readonly retryAfter: number
  /** The password was right: what was counted for the account is forgotten, and the address is given this one back. */
  succeeded(): Promise<void>
}

/**
 * Counts attempts to sign in by account and by address in the database, so that processes and restarts don't
 * multiply them. An attempt is counted before it is tried, so that many at once count as many.
 */
export class SignInLimit {
  readonly #store: Store
  readonly #now: () => number

  constructor({ store, now }: { store: Store; now: () => number }) {
    this.#store = store
    this.#now = now
  }

  /** Counts an attempt on an account, which needn't exist, from an address. */
  async attempt(account: string, address: string): Promise<Attempt> {
    const byAccount = { key: keyOf('account', account), most: ATTEMPTS_PER_ACCOUNT }
    const byAddress = { key: keyOf('address', network(address)), most: ATTEMPTS_PER_ADDRESS }
    const counted = []
    // The address first: where it is refused, an account is not blocked by it.
    for (const { key, most } of [byAddress, byAccount]) {
      const { count, until } = await this.#count(key)
      counted.push({ count, most, until })
      if (count > most) break
    }
    const refused = counted.find(({ count, most }) => count > most)
    return {
      allowed: refused === undefined,
      first: refused !== undefined && refused.count === refused.most + 1,
      retryAfter: Math.max(Math.ceil(((refused?.until ?? 0) - this.#now()) / 1000), 1),
      succeeded: async () => {
        await this.#store.db.deleteFrom('sign_in_attempt').where('key', '=', byAccount.key).execute()
        await this.#store.db
          .updateTable('sign_in_attempt')
          .set((eb) => ({ count: eb('count', '-', 1) }))
          .where('key', '=', byAddress.key)
          .where('count', '>', 0)
          .execute()
      },
    }
  }

  async #count(key: string): Promise<{ count: number; until: number }> {
    const now = this.#now()
    await this.#store.db.deleteFrom('sign_in_attempt').where('until', '<=', now).execute()
    const row = await this.#store.db
      .insertInto('sign_in_attempt')
      .values({ key, count: 1, until: now + WINDOW_MS })
      .onConflict((oc) => oc.column('key').doUpdateSet({ count: sql`sign_in_attempt.count + 1` }))
      .returning(['count', 'until'])
      .executeTakeFirstOrThrow()
    return row
  }
}

/** Hashed: what was typed as a name may have been a password. */
function keyOf(kind: 'account' | 'address', word: string): string {
  return createHash('sha256').update(`${kind}:${word}`).digest('base64url')
}

/** An IPv6 network of one customer, who has all addresses of it; an IPv4 address as it is. */
function network(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail = ''] = address.split('%')[0]?.split('::') ?? []
  const left = head === '' ? [] : head.split(':')
  const right = tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(8 - left.length - right.length, 0) }, () => '0')
  const groups = [...left, ...(address.includes('::') ? zeros : []), ...right]
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':')
}
