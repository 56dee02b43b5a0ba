import { createHash } from 'node:crypto'
import { ConfigError } from '../errors.js'
import type { Reseal, SecretCipher, Store, Tx } from '../store/index.js'
import type { Principal } from '../http/principal.js'
import { httpErrorFor } from '../http/http-error.js'

/** Notes, in the transaction that makes it, what a submit has made. */
export type Keep<Result> = (tx: Tx, result: Result) => Promise<void>

/** For what is made without a name. */
export const forget = async (): Promise<void> => undefined

export interface Submit {
  readonly principal: Principal
  /** The thing to make, such as `agents` or `webhooks/7/rotate`. */
  readonly what: string
  /** Undefined for a submit that is one of its own. */
  readonly clientId: string | undefined
  /** The input it is made of: the same name for something else is refused. */
  readonly input: unknown
}

export interface SubmitsOptions {
  readonly store: Store
  readonly secrets: SecretCipher
  readonly now: () => number
}

/** How long a submit may come again; nobody's page tries for longer. */
const KEPT_MS = 24 * 3_600_000

interface Kept<Result> {
  readonly fingerprint: string
  readonly result: Result
}

/**
 * Submits that make something, each once however often it is made: whoever did not get the answer asks again, and is
 * answered what the first one was.
 */
export class Submits {
  readonly #options: SubmitsOptions
  /** Those under way in this process. */
  readonly #running = new Map<string, Promise<unknown>>()

  constructor(options: SubmitsOptions) {
    this.#options = options
  }

  /**
   * Returns the result of `make`, or its result for an earlier submit of the same name. `make` calls `keep` in the transaction
   * that makes the thing. What is refused is not kept, and may be tried again. Throws HttpError (409) when the name was
   * used for something else.
   */
  async once<Result>(submit: Submit, make: (keep: Keep<Result>) => Promise<Result>): Promise<Result> {
    if (submit.clientId === undefined) return make(forget)
    const key = keyOf(submit)
    const fingerprint = fingerprintOf(submit.input)
    // One after the other, so that a second one finds what the first has made.
    const earlier = this.#running.get(key)
    const mine = (earlier ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#once(key, fingerprint, make))
    this.#running.set(key, mine)
    try {
      return await mine
    } finally {
      if (this.#running.get(key) === mine) this.#running.delete(key)
    }
  }

  async #once<Result>(
    key: string,
    fingerprint: string,
    make: (keep: Keep<Result>) => Promise<Result>,
  ): Promise<Result> {
    const before = await this.#find<Result>(key)
    if (before) return resultOf(before, fingerprint)
    try {
      return await make((tx, result) => this.#keep(tx, key, { fingerprint, result }))
    } catch (error) {
      // Another process may have made it meanwhile: then what stopped this one was the first one's row.
      const first = await this.#find<Result>(key)
      if (first) return resultOf(first, fingerprint)
      throw error
    }
  }

  async #keep(tx: Tx, key: string, kept: Kept<unknown>): Promise<void> {
    const { secrets, now } = this.#options
    await tx
      .deleteFrom('submit')
      .where('created_at', '<', now() - KEPT_MS)
      .execute()
    await tx
      .insertInto('submit')
      .values({
        key,
        sealed_result: secrets.encrypt(JSON.stringify(kept), purposeOf(key)),
        created_at: now(),
      })
      .execute()
  }

  async #find<Result>(key: string): Promise<Kept<Result> | undefined> {
    const { store, secrets, now } = this.#options
    const row = await store.db
      .selectFrom('submit')
      .select('sealed_result')
      .where('key', '=', key)
      .where('created_at', '>=', now() - KEPT_MS)
      .executeTakeFirst()
    if (!row) return undefined
    try {
      return JSON.parse(secrets.decrypt(row.sealed_result, purposeOf(key))) as Kept<Result>
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      throw httpErrorFor(
        'submit_done',
        'conflict',
        'This was done already, and its answer can’t be read any more: look at the list, and make another if need be.',
      )
    }
  }
}

function resultOf<Result>(kept: Kept<Result>, fingerprint: string): Result {
  if (kept.fingerprint === fingerprint) return kept.result
  throw httpErrorFor(
    'client_id_used',
    'conflict',
    'clientId: was used for something else already: give another submit another name',
  )
}

/** Names are each principal's own: nobody is answered what another has made. */
function keyOf({ principal, what, clientId = '' }: Submit): string {
  const who = principal.kind === 'agent' ? `agent:${principal.id}` : `key:${principal.keyId ?? 'service'}`
  return `${who} ${what} ${clientId}`
}

/** It is kept only sealed: it is of what may be a password. */
function fingerprintOf(input: unknown): string {
  return createHash('sha256').update(JSON.stringify(input)).digest('base64url')
}

/** Seals the results of all submits anew. */
export async function resealSubmits(tx: Tx, reseal: Reseal): Promise<void> {
  for (const { key, sealed_result: sealed } of await tx.selectFrom('submit').selectAll().execute())
    await tx
      .updateTable('submit')
      .set({ sealed_result: reseal(sealed, purposeOf(key)) })
      .where('key', '=', key)
      .execute()
}

function purposeOf(key: string): string {
  return `submit ${key}`
}
