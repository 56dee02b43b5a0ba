import type { Selectable } from 'kysely'
import { currentSequence } from '../conversation/index.js'
import { ConfigError } from '../errors.js'
import { HttpError, httpErrorFor } from '../http/http-error.js'
import { refusal } from '../protocol/refusals.js'
import { fromJson, toJson, type Reseal, type Store, type Tx, type WebhookTable } from '../store/index.js'
import type { AddressGuard } from './address-guard.js'
import { hookEvents } from './event.js'
import { checkHookUrl } from './hook-url.js'
import type { SecretCipher } from '../store/secret-cipher.js'
import { makeSecret } from './signature.js'

/** An endpoint without its secret. Times are milliseconds since 1970. */
export interface Endpoint {
  readonly id: number
  readonly url: string
  readonly description: string
  /** Names of events; `*` is all of them, also those of later releases. */
  readonly events: readonly string[]
  /** The Mini Programs that it is told of; null for all. */
  readonly apps: readonly string[] | null
  readonly enabled: boolean
  /** `gone`: it answered 410. `secret_lost`: its secret can't be opened any more; give it a new one. */
  readonly disabledReason: 'gone' | 'secret_lost' | null
  /** Until then the secret before the last rotation signs too. */
  readonly oldSecretUntil: number | null
  readonly createdAt: number
  /** How many deliveries were given up and are kept. */
  readonly dead: number
}

export interface EndpointChange {
  readonly url?: string | undefined
  readonly description?: string | undefined
  readonly events?: readonly string[] | undefined
  readonly apps?: readonly string[] | null | undefined
  readonly enabled?: boolean | undefined
}

export interface EndpointsOptions {
  readonly store: Store
  readonly secrets: SecretCipher
  readonly guard: AddressGuard
  readonly now: () => number
  /** Told after each change. */
  readonly onChanged: () => void
}

/** More than a team needs, and few enough to be looked at one by one. */
const MAX_WEBHOOKS = 20
/** How long both ends have to change to a new secret. */
const OLD_SECRET_MS = 24 * 60 * 60 * 1000

/** The endpoints: made, changed and removed by an administrator. */
export class Endpoints {
  readonly #options: EndpointsOptions

  constructor(options: EndpointsOptions) {
    this.#options = options
  }

  async list(): Promise<Endpoint[]> {
    const rows = await withDead(this.#options.store.db).orderBy('id').execute()
    return rows.map(endpointOf)
  }

  /** Throws HttpError `not_found`. */
  async get(id: number): Promise<Endpoint> {
    return endpointOf(await this.#row(id))
  }

  /** Makes an endpoint that is told what happens from now on. The secret is shown here and never again. */
  async create(
    settings: EndpointChange & { readonly url: string },
    made?: (tx: Tx, made: { readonly id: number; readonly secret: string }) => Promise<void>,
  ): Promise<{ endpoint: Endpoint; secret: string }> {
    const { store, secrets, now } = this.#options
    this.#check(settings)
    const secret = makeSecret()
    const cursor = await currentSequence(store)
    const id = await store.db.transaction().execute(async (tx) => {
      const { count } = await tx
        .selectFrom('webhook')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow()
      if (count >= MAX_WEBHOOKS)
        throw httpErrorFor(
          'hook_limit',
          'not_possible',
          `There are ${MAX_WEBHOOKS} webhooks already: remove one.`,
          {
            limit: MAX_WEBHOOKS,
          },
        )
      const row = await tx
        .insertInto('webhook')
        .values({
          url: settings.url,
          description: settings.description ?? '',
          events: toJson(settings.events ?? ['*']),
          apps: settings.apps ? toJson(settings.apps) : null,
          enabled: settings.enabled === false ? 0 : 1,
          cursor,
          created_at: now(),
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      await tx
        .updateTable('webhook')
        .set({ sealed_secret: secrets.encrypt(secret, secretPurpose(row.id)) })
        .where('id', '=', row.id)
        .execute()
      await made?.(tx, { id: row.id, secret })
      return row.id
    })
    this.#options.onChanged()
    return { endpoint: await this.get(id), secret }
  }

  /**
   * Changes an endpoint. While one is disabled nothing is queued for it; enabled again it is told what happens
   * from then on, and what was queued before it was disabled.
   */
  async update(id: number, change: EndpointChange): Promise<Endpoint> {
    const { store } = this.#options
    this.#check(change)
    const row = await this.#row(id)
    const wakes = change.enabled === true && row.enabled === 0
    if (wakes && row.sealed_secret === null)
      throw httpErrorFor('hook_secret_lost', 'not_possible', 'Its secret is lost: give it a new one first.')
    const set = {
      ...(change.url === undefined ? {} : { url: change.url }),
      ...(change.description === undefined ? {} : { description: change.description }),
      ...(change.events === undefined ? {} : { events: toJson(change.events) }),
      ...(change.apps === undefined ? {} : { apps: change.apps && toJson(change.apps) }),
      ...(change.enabled === undefined ? {} : { enabled: change.enabled ? 1 : 0, disabled_reason: null }),
      ...(wakes ? { cursor: await currentSequence(store) } : {}),
    }
    if (Object.keys(set).length > 0)
      await store.db.updateTable('webhook').set(set).where('id', '=', id).execute()
    this.#options.onChanged()
    return this.get(id)
  }

  /** A new secret, shown here only; the one before signs too for a day. */
  async rotate(
    id: number,
    made?: (tx: Tx, made: { readonly id: number; readonly secret: string }) => Promise<void>,
  ): Promise<{ endpoint: Endpoint; secret: string }> {
    const { store, secrets, now } = this.#options
    const { sealed_secret: old } = await this.#row(id)
    const secret = makeSecret()
    await store.db.transaction().execute(async (tx) => {
      await tx
        .updateTable('webhook')
        .set({
          sealed_secret: secrets.encrypt(secret, secretPurpose(id)),
          sealed_old_secret: old,
          old_secret_until: old === null ? null : now() + OLD_SECRET_MS,
        })
        .where('id', '=', id)
        .execute()
      await made?.(tx, { id, secret })
    })
    this.#options.onChanged()
    return { endpoint: await this.get(id), secret }
  }

  /** Removes an endpoint with all its deliveries. */
  async remove(id: number): Promise<void> {
    await this.#row(id)
    await this.#options.store.db.deleteFrom('webhook').where('id', '=', id).execute()
    this.#options.onChanged()
  }

  async #row(id: number): Promise<EndpointRow> {
    const row = await withDead(this.#options.store.db).where('id', '=', id).executeTakeFirst()
    if (!row) throw new HttpError('not_found', 'There is no such webhook.')
    return row
  }

  #check({ url, events }: EndpointChange): void {
    if (url !== undefined) checkHookUrl(url, this.#options.guard)
    const wrong = events?.find((name) => name !== '*' && !Object.hasOwn(hookEvents, name))
    if (wrong !== undefined || events?.length === 0)
      throw new ConfigError(
        `events must be names of events, or * for all: ${Object.keys(hookEvents).join(', ')}.`,
        { refusal: refusal('hook_events') },
      )
  }
}

/** Returns the purpose that a sealed secret is bound to. */
export function secretPurpose(id: number): string {
  return `secret of webhook ${id}`
}

/** Seals the secrets of all endpoints anew. */
export async function resealHooks(tx: Tx, reseal: Reseal): Promise<void> {
  const rows = await tx.selectFrom('webhook').select(['id', 'sealed_secret', 'sealed_old_secret']).execute()
  for (const { id, sealed_secret: secret, sealed_old_secret: old } of rows) {
    const again = (sealed: string | null) => (sealed === null ? null : reseal(sealed, secretPurpose(id)))
    await tx
      .updateTable('webhook')
      .set({ sealed_secret: again(secret), sealed_old_secret: again(old) })
      .where('id', '=', id)
      .execute()
  }
}

type EndpointRow = Selectable<WebhookTable> & { readonly dead: number | null }

function withDead(db: Store['db']) {
  return db
    .selectFrom('webhook')
    .selectAll('webhook')
    .select((eb) =>
      eb
        .selectFrom('webhook_delivery')
        .select((of) => of.fn.countAll<number>().as('count'))
        .whereRef('webhook_delivery.webhook_id', '=', 'webhook.id')
        .where('webhook_delivery.state', '=', 'dead')
        .as('dead'),
    )
}

function endpointOf(row: EndpointRow): Endpoint {
  return {
    id: row.id,
    url: row.url,
    description: row.description,
    events: fromJson(row.events),
    apps: row.apps === null ? null : fromJson(row.apps),
    enabled: row.enabled === 1,
    disabledReason: row.disabled_reason,
    oldSecretUntil: row.old_secret_until,
    createdAt: row.created_at,
    dead: row.dead ?? 0,
  }
}
