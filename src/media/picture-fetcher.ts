import type { Readable } from 'node:stream'
import { readBounded, unlessAborted } from './fetched-body.js'
import { sql } from 'kysely'
import { ApiError } from '../errors.js'
import type { Logger } from '../log.js'
import { BackgroundLoop, type Store, type Tx } from '../store/index.js'
import { limits } from '../wechat/index.js'
import { readPicture, type Picture } from './picture.js'
import type { PictureStore } from './picture-store.js'
import { notePendingMedia } from './pending-media.js'

/** A message whose picture has changed, for pages to be told. */
export interface ShownMessage {
  readonly conversationId: number
  readonly messageId: number
}

export interface PictureFetcherOptions {
  readonly store: Store
  readonly pictures: PictureStore
  /** WeChat's bytes by media id, to be read or destroyed; undefined while the Mini Program is not configured. */
  readonly fetch: (appId: string, mediaId: string) => Promise<{ readonly body: Readable } | undefined>
  /** Says what may be done about a failed fetch; the api layer's predicate fits. */
  readonly remedyFor: (error: unknown) => 'token' | 'busy' | 'connect' | 'later' | 'unknown' | 'never'
  /** Tells pages in the transaction that changes a picture. */
  readonly tell: (tx: Tx, messages: readonly ShownMessage[]) => Promise<void>
  /** Told after a commit of which pages were told. */
  readonly onTold: () => void
  readonly logger: Logger
  readonly now: () => number
  /** How many pictures are fetched at once; 4 when not given. */
  readonly concurrency?: number
  /** How long one fetch may take; 60 s when not given. */
  readonly timeoutMs?: number
}

interface Wanted {
  readonly id: number
  readonly app_id: string
  readonly media_id: string
  readonly created_at: number
  readonly attempts: number
}

/** The outcome of a fetch. */
type Outcome =
  | ({ readonly state: 'stored'; readonly file: string; readonly bytes: number } & Picture)
  | { readonly state: 'failed' | 'expired'; readonly problem: string }
  | { readonly state: 'wanted'; readonly nextAt: number; readonly problem?: string }

/** Let messages be answered first: their pictures can wait for a moment. */
const SOON_MS = 100
/** Milliseconds. Notes of other processes, and fetches that nobody finished, are found by then. */
const POLL_MS = 30_000
/** By then bytes that were put belong to a picture. */
const UNFINISHED_MS = 3_600_000
const FIRST_RETRY_MS = 5000
const LONGEST_RETRY_MS = 3_600_000
/** An unknown media id may be too new for the machine that was asked: it is asked for so often. */
const UNKNOWN_ATTEMPTS = 3
const INVALID_MEDIA_ID = 40007

/**
 * Fetches the pictures of messages in the background, by media id: the links in a push are never followed. Several
 * processes share the work; what one of them leaves is taken up by another.
 */
export class PictureFetcher {
  readonly #options: PictureFetcherOptions
  readonly #concurrency: number
  readonly #timeoutMs: number
  readonly #stopping = new AbortController()
  readonly #running = new Set<Promise<void>>()
  readonly #loop: BackgroundLoop

  constructor(options: PictureFetcherOptions) {
    this.#options = options
    this.#concurrency = options.concurrency ?? 4
    this.#timeoutMs = options.timeoutMs ?? 60_000
    this.#loop = new BackgroundLoop({
      pass: () => this.#look(),
      everyMs: POLL_MS,
      onError: (err) => {
        options.logger.error({ err }, 'pictures that are wanted could not be read; they are read again')
      },
    })
  }

  /** Goes on with what is wanted, and removes what a crash has left without a picture to it. */
  start(): void {
    this.#loop.wake()
    const { pictures, now, logger } = this.#options
    pictures.sweep(now() - UNFINISHED_MS).catch((err: unknown) => {
      logger.warn({ err }, 'what a crash may have left of pictures could not be removed')
    })
  }

  /** To be called after messages were handled or queued; costs next to nothing. */
  wake(): void {
    this.#loop.wakeIn(SOON_MS)
  }

  /**
   * Asks WeChat once more, at once, for a picture that could not be fetched or is being tried again. False when it is
   * here, under way, gone, or nothing that can be shown however often it is fetched.
   */
  async again(id: number): Promise<boolean> {
    const { store, now, tell, onTold } = this.#options
    const isAsked = await store.db.transaction().execute(async (tx) => {
      const row = await tx
        .updateTable('media')
        .set({ state: 'wanted', problem: null, attempts: 0, next_at: now() })
        .where('id', '=', id)
        .where('state', 'in', ['failed', 'wanted'])
        .where('problem', 'not in', unshowable)
        .returning('id')
        .executeTakeFirst()
      if (row) await tell(tx, await messagesOf(tx, id))
      return row !== undefined
    })
    if (!isAsked) return false
    onTold()
    this.#loop.wake()
    return true
  }

  /** Notes which pictures all messages show that there are now. */
  async noteAll(): Promise<void> {
    while (await notePendingMedia(this.#options.store, this.#options.now())) continue
  }

  /** Starts nothing more and ends the fetches under way, which go on at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#loop.stop()
    await Promise.all(this.#running)
  }

  /** Begins what is due; returns in how many milliseconds the next one will be. */
  async #look(): Promise<number | undefined> {
    const { store, now } = this.#options
    while (!this.#stopping.signal.aborted && (await notePendingMedia(store, now()))) continue
    const wanted = await this.#claim()
    for (const each of wanted) this.#run(each)
    // With all hands busy, the end of a fetch looks again.
    if (this.#running.size >= this.#concurrency) return undefined
    const next = await this.#nextAt()
    return next === undefined ? undefined : Math.max(next - now(), SOON_MS)
  }

  #run(wanted: Wanted): void {
    const run = this.#fetch(wanted)
      .then((outcome) => this.#settle(wanted, outcome))
      .catch((error: unknown) => {
        // It is taken up again when its time is over.
        this.#options.logger.error(
          { err: error, media: wanted.id },
          'what became of a picture could not be noted',
        )
      })
      .finally(() => {
        this.#running.delete(run)
        this.#loop.wake()
      })
    this.#running.add(run)
  }

  /** Takes what is due, so that no other process does for as long as a fetch may last. */
  async #claim(): Promise<Wanted[]> {
    const { store, now } = this.#options
    const free = this.#concurrency - this.#running.size
    if (free <= 0 || this.#stopping.signal.aborted) return []
    const skip = store.dialect === 'postgres' ? sql`for update skip locked` : sql``
    const { rows } = await sql<Wanted>`
      update media set attempts = attempts + 1, next_at = ${now() + 2 * this.#timeoutMs}
      where id in (select id from media where state = 'wanted' and next_at <= ${now()}
        order by next_at limit ${sql.lit(free)} ${skip})
      returning id, app_id, media_id, created_at, attempts`.execute(store.db)
    return rows
  }

  async #nextAt(): Promise<number | undefined> {
    const row = await this.#options.store.db
      .selectFrom('media')
      .select((eb) => eb.fn.min('next_at').as('at'))
      .where(sql<boolean>`state = 'wanted'`)
      .executeTakeFirst()
    return row?.at ?? undefined
  }

  async #fetch(wanted: Wanted): Promise<Outcome> {
    const { now, pictures, fetch } = this.#options
    if (now() >= wanted.created_at + limits.mediaSeconds * 1000)
      return { state: 'expired', problem: 'expired' }
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(this.#timeoutMs)])
    try {
      const found = await unlessAborted(signal, fetch(wanted.app_id, wanted.media_id), (late) =>
        late?.body.destroy(),
      )
      // It may be configured again before the picture expires.
      if (!found) return { state: 'wanted', nextAt: now() + LONGEST_RETRY_MS, problem: 'not_configured' }
      const bytes = await readBounded(signal, found.body)
      if (bytes === undefined) return { state: 'failed', problem: 'too_large' }
      const picture = readPicture(bytes)
      if (typeof picture === 'string') return { state: 'failed', problem: picture }
      return { state: 'stored', file: await pictures.put(bytes), bytes: bytes.length, ...picture }
    } catch (error) {
      return this.#afterError(wanted, error)
    }
  }

  #afterError(wanted: Wanted, error: unknown): Outcome {
    const { now, logger, remedyFor } = this.#options
    if (this.#stopping.signal.aborted) return { state: 'wanted', nextAt: now() }
    const errcode = error instanceof ApiError ? error.errcode : undefined
    logger.warn({ err: error, media: wanted.id, attempt: wanted.attempts }, 'a picture could not be fetched')
    const unknown = errcode === INVALID_MEDIA_ID && wanted.attempts < UNKNOWN_ATTEMPTS
    if (errcode !== undefined && remedyFor(error) === 'never' && !unknown)
      return { state: 'failed', problem: Number.isNaN(errcode) ? 'refused' : String(errcode) }
    const pause = Math.min(FIRST_RETRY_MS * 4 ** (wanted.attempts - 1), LONGEST_RETRY_MS)
    const problem = errcode === undefined || Number.isNaN(errcode) ? 'network' : String(errcode)
    return { state: 'wanted', nextAt: now() + pause, problem }
  }

  async #settle(wanted: Wanted, outcome: Outcome): Promise<void> {
    const { store, pictures, tell, onTold } = this.#options
    if (outcome.state === 'wanted') {
      if (await this.#putOff(wanted.id, outcome.nextAt, outcome.problem ?? null)) onTold()
      return
    }
    const noted = await store.db.transaction().execute(async (tx) => {
      const row = await tx
        .updateTable('media')
        .set({ next_at: null, problem: null, ...outcome })
        .where('id', '=', wanted.id)
        .where('state', '=', 'wanted')
        .returning('id')
        .executeTakeFirst()
      if (!row) return false
      await tell(tx, await messagesOf(tx, wanted.id))
      return true
    })
    if (noted) onTold()
    // Erased, or fetched by another process, meanwhile.
    else if (outcome.state === 'stored') await pictures.remove([outcome.file])
  }

  /** Leaves a picture for later, and tells pages the first time that there was trouble. */
  async #putOff(id: number, nextAt: number, problem: string | null): Promise<boolean> {
    const { store, tell } = this.#options
    return store.db.transaction().execute(async (tx) => {
      const mine = tx.updateTable('media').where('id', '=', id).where('state', '=', 'wanted')
      await mine.set({ next_at: nextAt }).execute()
      if (problem === null) return false
      const row = await mine.set({ problem }).where('problem', 'is', null).returning('id').executeTakeFirst()
      if (row) await tell(tx, await messagesOf(tx, id))
      return row !== undefined
    })
  }
}

/** Problems of the bytes themselves. */
const unshowable = ['too_large', 'too_many_pixels', 'unsupported']

/** How many messages of one picture are told: one that an agent sends to everybody is known to their pages already. */
const MAX_TOLD = 100

async function messagesOf(tx: Tx, mediaId: number): Promise<ShownMessage[]> {
  const rows = await tx
    .selectFrom('message_media')
    .innerJoin('message', 'message.id', 'message_media.message_id')
    .select(['message.id', 'message.conversation_id'])
    .where('message_media.media_id', '=', mediaId)
    .orderBy('message.id', 'desc')
    .limit(MAX_TOLD)
    .execute()
  return rows.map((row) => ({ conversationId: row.conversation_id, messageId: row.id }))
}
