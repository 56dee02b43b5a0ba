import { randomUUID } from 'node:crypto'
import { parseStoredToken, type StoredToken, type TokenStore } from '../api/token-store.js'
import { ConfigError, NetworkError } from '../errors.js'
import type { Reseal, Store, Tx } from '../store/index.js'
import type { SecretBox } from './secret-box.js'

export interface DatabaseTokenStoreOptions {
  readonly store: Store
  readonly secretBox: SecretBox
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Told of each token that was fetched, by its Mini Program. */
  readonly onRenewed: (appId: string) => void
}

/**
 * Keeps access tokens sealed in the database, for all processes that share it. The right to renew one is a row
 * with an end, taken by one conditional update: never an open transaction.
 */
export function databaseTokenStore(options: DatabaseTokenStoreOptions): TokenStore {
  const { store, secretBox, now, onRenewed } = options
  /** One that can't be opened is as good as none: it is fetched again. */
  const opened = (sealed: string, key: string): StoredToken | undefined => {
    try {
      return parseStoredToken(secretBox.decrypt(sealed, purpose(key)))
    } catch (error) {
      if (error instanceof ConfigError) return undefined
      throw error
    }
  }

  return {
    get: (key) =>
      reaching(async () => {
        const row = await store.db
          .selectFrom('access_token')
          .select('sealed_token')
          .where('key', '=', key)
          .executeTakeFirst()
        return row?.sealed_token ? opened(row.sealed_token, key) : undefined
      }),

    set: (key, token: StoredToken) =>
      reaching(async () => {
        const sealed = secretBox.encrypt(JSON.stringify(token), purpose(key))
        await store.db
          .insertInto('access_token')
          .values({ key, sealed_token: sealed, lease_owner: null, lease_until: null })
          .onConflict((oc) => oc.column('key').doUpdateSet({ sealed_token: sealed }))
          .execute()
        // A key is `appid:kind@host`.
        onRenewed(key.split(':')[0] ?? key)
      }),

    lease: (key, leaseMs) =>
      reaching(async () => {
        const { db } = store
        await db
          .insertInto('access_token')
          .values({ key, sealed_token: null, lease_owner: null, lease_until: null })
          .onConflict((oc) => oc.doNothing())
          .execute()
        const [mine, at] = [randomUUID(), now()]
        const { numUpdatedRows } = await db
          .updateTable('access_token')
          .set({ lease_owner: mine, lease_until: at + leaseMs })
          .where('key', '=', key)
          .where((eb) =>
            eb.or([
              eb('lease_owner', 'is', null),
              eb('lease_until', '<=', at),
              // Nobody takes one for so long: the clock was put back since.
              eb('lease_until', '>', at + 2 * leaseMs),
            ]),
          )
          .executeTakeFirst()
        if (numUpdatedRows === 0n) return undefined
        return async () => {
          await db
            .updateTable('access_token')
            .set({ lease_owner: null, lease_until: null })
            .where('key', '=', key)
            .where('lease_owner', '=', mine)
            .execute()
            // It ends by itself.
            .catch(() => undefined)
        }
      }),
  }
}

/** Seals all access tokens anew. */
export async function resealTokens(tx: Tx, reseal: Reseal): Promise<void> {
  for (const { key, sealed_token: sealed } of await tx.selectFrom('access_token').selectAll().execute()) {
    if (sealed === null) continue
    await tx
      .updateTable('access_token')
      .set({ sealed_token: reseal(sealed, purpose(key)) })
      .where('key', '=', key)
      .execute()
  }
}

function purpose(key: string): string {
  return `access token ${key}`
}

/** A database that is away must not look as if WeChat had refused the message: nothing was sent. */
async function reaching<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw new NetworkError('The access token can’t be had: the database does not answer. Nothing was sent.', {
      accepted: 'no',
      path: 'access token',
      cause,
    })
  }
}
