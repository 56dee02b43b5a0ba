import { randomUUID } from 'node:crypto'
import { contactOpenId } from '../conversation/index.js'
import type { Logger } from '../log.js'
import {
  readSetting,
  removeSetting,
  writeSetting,
  type Reseal,
  type SecretCipher,
  type Store,
  type Tx,
} from '../store/index.js'
import { parseLenientJson } from '../wechat/index.js'
import type { By } from '../people/agents.js'
import { writeAudit } from '../people/audit.js'
import { HttpError } from '../http/http-error.js'
import { businessAnswer, type BusinessSettingsInput, type BusinessView } from './schemas/business-card.js'

/** How the operator's system is asked: a request to an address that somebody typed in, signed as webhooks are. */
export interface BusinessEndpoint {
  /** Throws ConfigError when requests to the address are not allowed. */
  check(url: string): void
  /** Throws when there is no answer in time. */
  post(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
  ): Promise<{ status: number; body: Buffer; whole: boolean }>
  sign(eventId: string, body: string, secret: string, seconds: number): Readonly<Record<string, string>>
  makeSecret(): string
}

export interface BusinessCardsOptions {
  readonly store: Store
  readonly secrets: SecretCipher
  readonly endpoint: BusinessEndpoint
  readonly logger: Logger
  readonly now: () => number
}

const KEY = 'business_cards'
const PURPOSE = 'business_cards'
const CACHED_MS = 60_000
const MAX_CACHED = 1000

interface Setting {
  readonly url: string
  readonly sealedSecret: string
}

interface Cached {
  readonly until: number
  readonly view: Promise<BusinessView>
}

/** Asks the operator's own system what it knows about a customer. */
export class BusinessCards {
  readonly #options: BusinessCardsOptions
  readonly #cache = new Map<string, Cached>()

  constructor(options: BusinessCardsOptions) {
    this.#options = options
  }

  async settings(): Promise<{ url: string | null; secret: null }> {
    return { url: (await this.#setting())?.url ?? null, secret: null }
  }

  /** Sets the endpoint; gives its secret when one was made. */
  async set(
    { url, newSecret }: BusinessSettingsInput,
    by: By,
  ): Promise<{ url: string | null; secret: string | null }> {
    const { store, secrets, endpoint, now } = this.#options
    if (url !== null) endpoint.check(url)
    const before = await this.#setting()
    const secret = url !== null && (newSecret || !before) ? endpoint.makeSecret() : null
    await store.db.transaction().execute(async (tx) => {
      if (url === null) await removeSetting(tx, KEY)
      else {
        const sealedSecret = secret === null ? (before?.sealedSecret ?? '') : secrets.encrypt(secret, PURPOSE)
        const value = JSON.stringify({ url, sealedSecret } satisfies Setting)
        await writeSetting(tx, KEY, value)
      }
      await writeAudit(tx, now(), {
        ...by,
        action: 'settings_changed',
        target: KEY,
        // The path of such an address may be a secret of its own.
        detail: { host: url === null ? null : new URL(url).host, secretChanged: secret !== null },
      })
    })
    this.#cache.clear()
    return { url, secret }
  }

  /** The cards of a conversation's customer, of the last minute. Throws HttpError (503) when there is no good answer. */
  async of(conversationId: number): Promise<BusinessView> {
    const setting = await this.#setting()
    if (!setting) return { configured: false, cards: [] }
    const now = this.#options.now()
    const key = `${conversationId} ${setting.url}`
    const known = this.#cache.get(key)
    if (known && known.until > now) return known.view
    const view = this.#ask(setting, conversationId)
    this.#remember(key, { until: now + CACHED_MS, view })
    // A failure is not kept: whoever tries again asks again.
    view.catch(() => {
      if (this.#cache.get(key)?.view === view) this.#cache.delete(key)
    })
    return view
  }

  async #ask({ url, sealedSecret }: Setting, conversationId: number): Promise<BusinessView> {
    const { store, secrets, endpoint, logger, now } = this.#options
    const row = await store.db
      .selectFrom('conversation')
      .innerJoin('contact', 'contact.id', 'conversation.contact_id')
      .select(['contact.id', 'app_id', contactOpenId.as('open_id'), 'name', 'session_from'])
      .where('conversation.id', '=', conversationId)
      .executeTakeFirstOrThrow()
    const body = JSON.stringify({
      type: 'business_cards',
      conversationId,
      contact: {
        id: row.id,
        appId: row.app_id,
        openId: row.open_id,
        name: row.name,
        sessionFrom: row.session_from,
      },
    })
    const eventId = `cards_${randomUUID()}`
    try {
      const headers = endpoint.sign(
        eventId,
        body,
        secrets.decrypt(sealedSecret, PURPOSE),
        Math.floor(now() / 1000),
      )
      const answer = await endpoint.post(url, { 'content-type': 'application/json', ...headers }, body)
      if (answer.status !== 200 || !answer.whole)
        throw new Error(`status ${answer.status}${answer.whole ? '' : ', too long'}`)
      const { cards } = businessAnswer.parse(parseLenientJson(answer.body.toString('utf8')))
      return { configured: true, cards }
    } catch (error) {
      // The response may be about a customer: only its shape is logged.
      const why =
        error instanceof Error
          ? 'code' in error
            ? String(error.code)
            : error.name === 'Error'
              ? error.message
              : error.name
          : 'unknown'
      logger.warn({ conversationId, why }, 'the operator’s system gave no business cards')
      throw new HttpError('unavailable', 'The business system did not answer as it should, within 2 s.')
    }
  }

  #remember(key: string, cached: Cached): void {
    this.#cache.delete(key)
    this.#cache.set(key, cached)
    const [oldest] = this.#cache.keys()
    if (this.#cache.size > MAX_CACHED && oldest !== undefined) this.#cache.delete(oldest)
  }

  async #setting(): Promise<Setting | undefined> {
    const value = await readSetting(this.#options.store.db, KEY)
    return value === undefined ? undefined : (JSON.parse(value) as Setting)
  }
}

/** Seals the secret for the operator's own system anew. */
export async function resealBusinessCards(tx: Tx, reseal: Reseal): Promise<void> {
  const value = await readSetting(tx, KEY)
  if (value === undefined) return
  const { url, sealedSecret } = JSON.parse(value) as Setting
  await writeSetting(tx, KEY, JSON.stringify({ url, sealedSecret: reseal(sealedSecret, PURPOSE) }))
}
