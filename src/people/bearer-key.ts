import { createHash, timingSafeEqual } from 'node:crypto'
import type { Context } from 'koa'
import type { Logger } from '../log.js'
import type { Store } from '../store/index.js'
import { isMadeKey, type ApiKeys } from './api-keys.js'
import { writeAudit } from './audit.js'
import type { KeyLimit } from './key-limit.js'
import type { Principal, Program } from '../http/principal.js'
import { HttpError } from '../http/http-error.js'

export interface BearerKeysOptions {
  /** KEFU_API_KEY, which opens everything; a key that was made at the desk opens what it was made for. */
  readonly apiKey: string | undefined
  readonly keys: Pick<ApiKeys, 'find'>
  readonly limit: Pick<KeyLimit, 'attempt'>
  readonly store: Pick<Store, 'db'>
  /** Whom a request is from, and what of an address stands for one client. */
  readonly addressOf: (ctx: Context) => string
  readonly networkOf: (address: string) => string
  readonly logger: Logger
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Networks from which KEFU_API_KEY was shown, remembered at most. */
const MAX_NETWORKS = 10_000

/** The key of an Authorization header; undefined when it shows none. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
}

/** Programs by their keys. A wrong key is refused and counts as a wrong password does. */
export class BearerKeys {
  readonly #options: BearerKeysOptions
  /** Where the right key came from before: somebody else's wrong ones don't shut it out there. */
  readonly #proven = new Set<string>()

  constructor(options: BearerKeysOptions) {
    this.#options = options
  }

  /** Finds the program of a request's key. Throws HttpError when the key is not known. */
  readonly principalOf = async (ctx: Context): Promise<Principal | undefined> => {
    const shown = bearerOf(ctx.get('authorization'))
    // Another scheme is a proxy's.
    return shown === undefined ? undefined : this.#programOf(ctx, shown)
  }

  /** Whether a request shows KEFU_API_KEY. Throws HttpError when it shows another than is known here. */
  async showsOwn(ctx: Context): Promise<boolean> {
    const principal = await this.principalOf(ctx)
    return principal?.kind === 'program' && principal.keyId === null
  }

  async #programOf(ctx: Context, shown: string): Promise<Program> {
    const { apiKey, keys, limit, addressOf, networkOf } = this.#options
    // Nobody guesses 256 random bits, so they are looked up however many wrong ones there were.
    const made = isMadeKey(shown) ? await keys.find(shown) : undefined
    if (made) return made
    const address = addressOf(ctx)
    const network = networkOf(address)
    const isOwn = apiKey !== undefined && timingSafeEqual(digest(shown), digest(apiKey))
    const own: Program = { kind: 'program', keyId: null, name: 'KEFU_API_KEY', apps: 'all' }
    if (isOwn && this.#proven.has(network)) return own
    const attempt = await limit.attempt(address)
    if (!attempt.allowed) {
      if (attempt.first) await this.#noteLimited(address)
      throw new HttpError('too_many', 'Too many wrong API keys came from your address. Try again later.', {
        'Retry-After': String(attempt.retryAfter),
      })
    }
    if (!isOwn) {
      await this.#audit('key_refused', address)
      throw new HttpError('unauthorized', 'The API key is not known here.')
    }
    await attempt.succeeded()
    if (this.#proven.size >= MAX_NETWORKS) this.#proven.clear()
    this.#proven.add(network)
    return own
  }

  async #noteLimited(address: string): Promise<void> {
    this.#options.logger.warn(
      { address },
      'too many wrong API keys came from an address; keys are refused there for a while',
    )
    await this.#audit('key_limited', address)
  }

  async #audit(action: 'key_refused' | 'key_limited', address: string): Promise<void> {
    const { store, now } = this.#options
    await writeAudit(store.db, now(), { actor: { kind: 'nobody' }, action, address })
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
