import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import type { Store, Tx } from '../store/index.js'

const MINUTE_MS = 60_000
/** Tries in vain before there is a pause: of a browser that is known, and of others on one account from one network. */
export const ATTEMPTS_PER_ACCOUNT = 10
/** From one network, whatever accounts it tries. */
export const ATTEMPTS_PER_ADDRESS = 30
/** The first pause; each further try in vain doubles it. */
const FIRST_PAUSE_MS = 15 * MINUTE_MS
const LONGEST_PAUSE_MS = 4 * 60 * MINUTE_MS
/** Milliseconds after the last try, and after the last pause, at which failed tries are forgotten. */
const KEPT_MS = 15 * MINUTE_MS
const KEPT_AFTER_PAUSE_MS = 24 * 60 * MINUTE_MS

/** An attempt while it is tried. */
export interface Attempt {
  /** No pause: the password may be looked at. */
  readonly allowed: boolean
  /** The first that is refused in a pause, which is worth a line. */
  readonly first: boolean
  /** When to come again, in seconds. */
  readonly retryAfter: number
  /** The password was right: what was counted for it is forgotten, and the network is given this one back. */
  succeeded(): Promise<void>
}

/**
 * Counts attempts to sign in in the database, so that processes and restarts don't multiply them. An attempt is
 * counted before it is tried, so that many at once count as many. Nobody who knows a name can keep its owner out:
 * what a stranger does counts for the account from the stranger's network alone.
 */
export class SignInLimit {
  readonly #store: Store
  readonly #now: () => number

  constructor({ store, now }: { store: Store; now: () => number }) {
    this.#store = store
    this.#now = now
  }

  /**
   * Counts an attempt on an account, which needn't exist, from an address. `browser` is one in which the account's own
   * password was right before: its tries are its own, whatever strangers do.
   */
  async attempt(account: string, address: string, browser?: string): Promise<Attempt> {
    const host = hostOf(address)
    const owner = accountKey(account)
    const own = {
      key:
        browser === undefined
          ? keyOf('account', account, networkOf(host))
          : keyOf('browser', account, browser),
      most: ATTEMPTS_PER_ACCOUNT,
      owner,
    }
    const shared = { key: keyOf('network', host), most: ATTEMPTS_PER_ADDRESS, owner: null }
    // The network first: where it pauses, an account is not touched by it.
    const limits = browser === undefined ? [shared, own] : [own]
    let refused: Counted | undefined
    for (const limit of limits) {
      const counted = await this.#count(limit)
      if (counted.allowed) continue
      refused = counted
      break
    }
    return {
      allowed: refused === undefined,
      first: refused?.first ?? false,
      retryAfter: Math.max(Math.ceil(((refused?.until ?? 0) - this.#now()) / 1000), 1),
      succeeded: async () => {
        await this.#store.db.deleteFrom('sign_in_attempt').where('key', '=', own.key).execute()
        if (browser === undefined) await this.#giveBack(shared)
      },
    }
  }

  async #count({ key, most, owner }: Limit): Promise<Counted> {
    const now = this.#now()
    // Outside the transaction: two that hold each other's rows would wait for ever.
    await this.#store.db.deleteFrom('sign_in_attempt').where('until', '<=', now).execute()
    return this.#store.db.transaction().execute(async (tx) => {
      await tx
        .insertInto('sign_in_attempt')
        .values({ key, account: owner, count: 0, until: now + KEPT_MS })
        .onConflict((oc) => oc.doNothing())
        .execute()
      const row = await this.#held(tx, key)
      if (row.paused_until !== null && row.paused_until > now) {
        await tx.updateTable('sign_in_attempt').set({ refused: 1 }).where('key', '=', key).execute()
        return { allowed: false, first: row.refused === 0, until: row.paused_until }
      }
      const count = row.count + 1
      const pausedUntil = count >= most ? now + pauseAfter(count - most) : null
      const until = pausedUntil === null ? now + KEPT_MS : pausedUntil + KEPT_AFTER_PAUSE_MS
      await tx
        .updateTable('sign_in_attempt')
        .set({ count, paused_until: pausedUntil, until, refused: 0 })
        .where('key', '=', key)
        .execute()
      return { allowed: true, first: false, until: now }
    })
  }

  async #giveBack({ key, most }: Limit): Promise<void> {
    await this.#store.db.transaction().execute(async (tx) => {
      const row = await this.#held(tx, key).catch(() => undefined)
      if (!row) return
      const count = Math.max(row.count - 1, 0)
      const pausedUntil = count >= most ? row.paused_until : null
      await tx
        .updateTable('sign_in_attempt')
        .set({ count, paused_until: pausedUntil })
        .where('key', '=', key)
        .execute()
    })
  }

  async #held(tx: Tx, key: string): Promise<{ count: number; paused_until: number | null; refused: number }> {
    return tx
      .selectFrom('sign_in_attempt')
      .select(['count', 'paused_until', 'refused'])
      .where('key', '=', key)
      .$if(this.#store.dialect === 'postgres', (query) => query.forUpdate())
      .executeTakeFirstOrThrow()
  }
}

/** Forgets what was tried in vain on an account, from everywhere: its password is another one now. */
export async function forgetAttempts(db: Store['db'] | Tx, account: string): Promise<void> {
  await db.deleteFrom('sign_in_attempt').where('account', '=', accountKey(account)).execute()
}

interface Limit {
  readonly key: string
  readonly most: number
  readonly owner: string | null
}

interface Counted {
  readonly allowed: boolean
  readonly first: boolean
  readonly until: number
}

function pauseAfter(triesBeyond: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(triesBeyond, 10), LONGEST_PAUSE_MS)
}

function accountKey(account: string): string {
  return keyOf('of', account)
}

/** Hashed: what was typed as a name may have been a password. */
function keyOf(kind: 'account' | 'browser' | 'network' | 'of', ...words: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([kind, ...words]))
    .digest('base64url')
}

/** Neighbours on one account are taken for one: 24 bits of IPv4. What one does to all accounts counts for it alone. */
function networkOf(host: string): string {
  return host.replace(/^(\d+\.\d+\.\d+)\.\d+$/, '$1')
}

/** Whoever has one IPv6 address has all of its 64 bits; an IPv4 address is as it is. */
function hostOf(address: string): string {
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
