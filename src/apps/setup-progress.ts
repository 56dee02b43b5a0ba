import type { DecodeProblem, SignatureProblem } from '../errors.js'
import type { Logger } from '../log.js'
import type { AppSetupTable, Store, Tx } from '../store/index.js'
import type { WebhookOptions } from '../webhook/index.js'
import type { PushQuery } from '../wechat/index.js'

/** The beginning of our own nonces, so that the guide does not take our question for WeChat's: theirs are numbers. */
export const OUR_NONCE = 'kefu'

export type RefusalReason = SignatureProblem | DecodeProblem

/** Something that came from WeChat, or from a stranger, and was not taken. */
export interface RefusedMark {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly why: RefusalReason
}

/** How far a Mini Program has been connected; times are milliseconds since 1970. */
export interface Marks {
  readonly verifiedAt: number | null
  /** The last question for the URL that was refused, and the last push. */
  readonly urlRefused: RefusedMark | null
  readonly pushRefused: RefusedMark | null
  /** The first push since the secrets were given; the conversation is null until it is there. */
  readonly arrived: { readonly at: number; readonly conversationId: number | null } | null
}

export interface SetupProgressOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
}

/** Strangers may ask as often as they like: what is noted is noted this often at most, by each process. */
const AGAIN_MS = 3000

/**
 * The steps that a guide waits for, kept where all processes see them. A push that is taken writes nothing here: the first one is
 * found among the pushes by whoever looks.
 */
export class SetupProgress {
  readonly #options: SetupProgressOptions
  readonly #notedAt = new Map<string, number>()
  readonly #writing = new Set<Promise<void>>()

  constructor(options: SetupProgressOptions) {
    this.#options = options
  }

  verified(appId: string): void {
    const at = this.#options.now()
    this.#note(appId, 'verified', { verified_at: at })
  }

  refused(appId: string, what: 'url' | 'push', why: RefusalReason): void {
    const at = this.#options.now()
    this.#note(
      appId,
      what,
      what === 'url'
        ? { url_refused_at: at, url_refused_why: why }
        : { push_refused_at: at, push_refused_why: why },
    )
  }

  async of(appId: string): Promise<Marks> {
    const { db } = this.#options.store
    const row = await db.selectFrom('app_setup').selectAll().where('app_id', '=', appId).executeTakeFirst()
    return {
      verifiedAt: row?.verified_at ?? null,
      urlRefused: refusedMark(row?.url_refused_at, row?.url_refused_why),
      pushRefused: refusedMark(row?.push_refused_at, row?.push_refused_why),
      arrived: await this.#arrived(appId, row),
    }
  }

  /** Lets what is being noted end. */
  async stop(): Promise<void> {
    await Promise.all(this.#writing)
  }

  #note(appId: string, kind: string, mark: Partial<Omit<AppSetupTable, 'app_id' | 'since'>>): void {
    const { store, logger, now } = this.#options
    const key = `${kind} ${appId}`
    const before = this.#notedAt.get(key)
    if (before !== undefined && Math.abs(now() - before) < AGAIN_MS) return
    this.#notedAt.set(key, now())
    const write = store.db
      .insertInto('app_setup')
      .values({ app_id: appId, ...mark })
      .onConflict((oc) => oc.column('app_id').doUpdateSet(mark))
      .execute()
      .then(() => undefined)
      .catch((err: unknown) => {
        this.#notedAt.delete(key)
        logger.warn({ err, appId }, 'what the set-up guide waits for could not be noted')
      })
      .finally(() => this.#writing.delete(write))
    this.#writing.add(write)
  }

  async #arrived(
    appId: string,
    row: { since: number; arrived_at: number | null; conversation_id: number | null } | undefined,
  ): Promise<Marks['arrived']> {
    const { db } = this.#options.store
    const since = row?.since ?? 0
    const known = row?.arrived_at ?? null
    if (known !== null && row?.conversation_id != null) {
      const there = await db
        .selectFrom('conversation')
        .select('id')
        .where('id', '=', row.conversation_id)
        .executeTakeFirst()
      if (there) return { at: known, conversationId: there.id }
    }
    const found = (await firstPush(db, appId, since)) ?? (await firstContact(db, appId, since))
    const at = known ?? found?.at
    if (at === undefined) return null
    const conversationId = found?.conversationId ?? null
    // Found once, it is not looked for again.
    if (conversationId !== null) {
      const mark = { arrived_at: at, conversation_id: conversationId }
      await db
        .insertInto('app_setup')
        .values({ app_id: appId, ...mark })
        .onConflict((oc) => oc.column('app_id').doUpdateSet(mark).where('app_setup.since', '=', since))
        .execute()
    }
    return { at, conversationId }
  }
}

/** Returns callbacks that note the webhook's events. The doctor's own question is nobody's verification. */
export function markedBy(marks: SetupProgress): Required<Pick<WebhookOptions, 'onVerified' | 'onRefused'>> {
  const isOurs = ({ nonce }: PushQuery): boolean => typeof nonce === 'string' && nonce.startsWith(OUR_NONCE)
  return {
    onVerified(appId, query) {
      if (!isOurs(query)) marks.verified(appId)
    },
    onRefused({ code }, { method, appId, query }) {
      if (appId === undefined || isOurs(query)) return
      if (method === 'POST') marks.refused(appId, 'push', code)
      // Whoever opens the address in a browser asks for nothing.
      else if (query['echostr'] !== undefined) marks.refused(appId, 'url', code)
    },
  }
}

/** New secrets begin anew: what was verified and what arrived before says nothing about them. */
export async function beginSetup(db: Store['db'] | Tx, appId: string, since: number): Promise<void> {
  await forgetSetup(db, appId)
  await db.insertInto('app_setup').values({ app_id: appId, since }).execute()
}

export async function forgetSetup(db: Store['db'] | Tx, appId: string): Promise<void> {
  await db.deleteFrom('app_setup').where('app_id', '=', appId).execute()
}

interface Arrival {
  readonly at: number
  readonly conversationId: number | null
}

/** Rows that are looked through: it costs the same however many are kept. */
const MAX_ROWS = 1000

/** Among the latest pushes, where one that is waited for must be. */
async function firstPush(db: Store['db'] | Tx, appId: string, since: number): Promise<Arrival | undefined> {
  const latest = db
    .selectFrom('push')
    .select(['id', 'app_id', 'open_id', 'received_at'])
    .orderBy('id', 'desc')
    .limit(MAX_ROWS)
    .as('latest')
  const rows = await db
    .selectFrom(latest)
    .leftJoin('contact', (join) =>
      join.onRef('contact.app_id', '=', 'latest.app_id').onRef('contact.open_id', '=', 'latest.open_id'),
    )
    .leftJoin('conversation', 'conversation.contact_id', 'contact.id')
    .select(['latest.received_at as at', 'conversation.id as conversationId'])
    .where('latest.app_id', '=', appId)
    .where('latest.received_at', '>=', since)
    .orderBy('latest.id')
    .limit(MAX_ROWS)
    .execute()
  const [first] = rows
  // Some pushes, such as those of WeChat's debugging tool, are of no conversation.
  const talk = rows.find(({ conversationId }) => conversationId !== null)
  return first && { at: first.at, conversationId: talk?.conversationId ?? null }
}

/** Where pushes are not kept, or many came since, its customers show that some did. */
async function firstContact(
  db: Store['db'] | Tx,
  appId: string,
  since: number,
): Promise<Arrival | undefined> {
  const some = db
    .selectFrom('contact')
    .select(['id', 'created_at', 'seen_at'])
    .where('app_id', '=', appId)
    .limit(MAX_ROWS)
    .as('some')
  const row = await db
    .selectFrom(some)
    .innerJoin('conversation', 'conversation.contact_id', 'some.id')
    .select(['some.created_at', 'some.seen_at', 'conversation.id'])
    .where('some.seen_at', '>=', since)
    .orderBy('some.id')
    .limit(1)
    .executeTakeFirst()
  return row && { at: Math.max(row.created_at, since), conversationId: row.id }
}

function refusedMark(at: number | null = null, why: RefusalReason | null = null): RefusedMark | null {
  return at === null || why === null ? null : { at, why }
}
