import { once } from 'node:events'
import { httpErrorFor, HttpError, notFound } from '../../http/http-error.js'
import { NoAnswerError } from '../../hooks/index.js'
import type { Logger } from '../../log.js'
import { BackgroundLoop, toJson, type Store } from '../../store/index.js'
import type { Exams } from '../exams/exams.js'
import type { Knowledge } from '../knowledge.js'
import { maySee, mustMayWrite, type Asking } from '../scope.js'
import type { PageFetcher, PageProblem } from './page-fetcher.js'
import { readPage, type PageContent } from './page-pieces.js'
import { claimSource, failSource, leaveSource, takeReading, type ClaimedSource } from './source-reading.js'
import { sourceOf, type KnowledgeSource } from './source-rows.js'

export interface NewSource {
  readonly url: string
  readonly appId: string | null
  /** The state of entries that are new. */
  readonly newState: 'draft' | 'live'
}

export interface SourcesOptions {
  readonly store: Store
  readonly fetcher: PageFetcher
  readonly knowledge: Pick<Knowledge, 'changed'>
  readonly exams: Pick<Exams, 'run'>
  readonly logger: Logger
  readonly now: () => number
  /** Lets everything else go first, between two slices of work. */
  readonly pause: () => Promise<unknown>
  /** From 0 to 1, so that pages of one host are not read all at once. */
  readonly random?: () => number
}

/** More would be a crawler. */
export const MAX_SOURCES = 100
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** A page that could not be read is tried again before the next day. */
const RETRY_MS = 6 * HOUR_MS
/** Milliseconds. No sooner is looked again. */
const SOON_MS = 1000
/** Milliseconds. Sources that another process added, or left, are found by then. */
const POLL_MS = 300_000

/**
 * Pages of the web that entries are taken from: read once a day by whichever process comes first, and when somebody asks.
 * A page that can't be read leaves its entries as they are.
 */
export class Sources {
  readonly #options: SourcesOptions
  readonly #stopping = new AbortController()
  readonly #loop: BackgroundLoop
  #reading: Promise<unknown> = Promise.resolve()

  constructor(options: SourcesOptions) {
    this.#options = options
    this.#loop = new BackgroundLoop({
      pass: () => this.#pass(),
      everyMs: POLL_MS,
      onError: (err) => {
        options.logger.error({ err }, 'pages of knowledge could not be read; they are tried again')
      },
    })
  }

  start(): void {
    this.#loop.wake()
  }

  /** Ends what is under way, which is begun anew at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#loop.stop()
    await this.#reading.catch(() => undefined)
    await this.#options.fetcher.close()
  }

  /** Newest first. */
  async list(asking: Asking): Promise<KnowledgeSource[]> {
    const { store, now } = this.#options
    const rows = await store.db
      .selectFrom('knowledge_source')
      .selectAll()
      .select((eb) =>
        eb
          .selectFrom('knowledge_entry')
          .select((count) => count.fn.countAll<number>().as('count'))
          .whereRef('knowledge_entry.source_id', '=', 'knowledge_source.id')
          .as('entries'),
      )
      .orderBy('id', 'desc')
      .execute()
    return rows
      .filter((row) => maySee(asking, row.app_id))
      .map((row) => sourceOf(row, row.entries ?? 0, now()))
  }

  /** Adds a page and reads it. Throws HttpError where it may not be read. */
  async add({ url, appId, newState }: NewSource, asking: Asking): Promise<KnowledgeSource> {
    const { store, fetcher, now } = this.#options
    mustMayWrite(asking, appId)
    const { href, host } = fetcher.address(url)
    const { id } = await store.db.transaction().execute(async (tx) => {
      const all = await tx.selectFrom('knowledge_source').select(['url', 'app_id']).execute()
      if (all.some((each) => each.url === href && each.app_id === appId))
        throw httpErrorFor('source_known', 'conflict', 'This page was added already.')
      if (all.length >= MAX_SOURCES)
        throw httpErrorFor('source_limit', 'conflict', `There are ${MAX_SOURCES} pages, which is the most.`, {
          limit: MAX_SOURCES,
        })
      return tx
        .insertInto('knowledge_source')
        .values({
          app_id: appId,
          url: href,
          name: host,
          new_state: newState,
          keys: toJson<readonly string[]>([]),
          next_at: now(),
          created_by: asking.name,
          created_at: now(),
        })
        .returning('id')
        .executeTakeFirstOrThrow()
    })
    return this.refresh(id, asking)
  }

  /** Reads a page now, unless it is being read; returns what it is then. */
  async refresh(id: number, asking: Asking): Promise<KnowledgeSource> {
    const { store, now } = this.#options
    await this.#mustMayChange(id, asking)
    const claimed = await claimSource(store, now(), id)
    if (claimed) {
      const reading = this.#read(claimed)
      this.#reading = Promise.allSettled([this.#reading, reading])
      await reading
    }
    const source = (await this.list(asking)).find((each) => each.id === id)
    if (!source) throw notFound()
    return source
  }

  /** Follows a page no longer. Its entries stay, as ones that people wrote, or go with it. */
  async remove(id: number, withEntries: boolean, asking: Asking): Promise<KnowledgeSource> {
    const { store, knowledge, exams } = this.#options
    const source = await this.#mustMayChange(id, asking)
    await store.db.transaction().execute(async (tx) => {
      if (withEntries) await tx.deleteFrom('knowledge_entry').where('source_id', '=', id).execute()
      // What is the page's no longer has no part of it either.
      else
        await tx
          .updateTable('knowledge_entry')
          .set({ source_id: null, source_key: null, source_hash: null })
          .where('source_id', '=', id)
          .execute()
      await tx.deleteFrom('knowledge_source').where('id', '=', id).execute()
    })
    await knowledge.changed()
    if (withEntries) await exams.run()
    return source
  }

  async #mustMayChange(id: number, asking: Asking): Promise<KnowledgeSource> {
    const source = (await this.list(asking)).find((each) => each.id === id)
    if (!source) throw notFound()
    mustMayWrite(asking, source.appId)
    return source
  }

  /** Reads all that is due and that no other process reads. */
  async readDue(): Promise<void> {
    const { store, now } = this.#options
    while (!this.#stopping.signal.aborted) {
      const claimed = await claimSource(store, now())
      if (!claimed) return
      await this.#read(claimed)
    }
  }

  /** Returns in how many milliseconds the next one is due. */
  async #pass(): Promise<number | undefined> {
    const { store, now } = this.#options
    await this.readDue()
    const next = await store.db
      .selectFrom('knowledge_source')
      .select((eb) => eb.fn.min('next_at').as('at'))
      .where('lease_until', 'is', null)
      .executeTakeFirst()
    return next?.at ? Math.max(next.at - now(), SOON_MS) : undefined
  }

  async #read(claimed: ClaimedSource): Promise<void> {
    const { store, knowledge, exams, logger, now, random = Math.random } = this.#options
    const result = await this.#fetch(claimed).catch(async (error: unknown) => {
      await leaveSource(store, claimed)
      if (error instanceof NoAnswerError) return undefined
      throw error
    })
    if (!result) return
    const times = { now: now(), nextAt: now() + DAY_MS + Math.floor(random() * HOUR_MS) }
    const fail = async (problem: PageProblem): Promise<void> => {
      logger.warn({ source: claimed.id, ...problem }, 'a page of knowledge could not be read')
      await failSource(store, claimed, problem, { ...times, nextAt: times.now + RETRY_MS })
    }
    if ('problem' in result) {
      await fail(result)
      return
    }
    try {
      const outcome = await takeReading(store, claimed, result, times)
      if (!outcome || outcome.added + outcome.changed + outcome.gone === 0) return
      logger.info({ source: claimed.id, ...outcome }, 'a page of knowledge has changed')
    } catch (error) {
      if (!(error instanceof HttpError)) throw error
      await fail({ problem: 'full', status: null })
      return
    }
    await knowledge.changed()
    await exams.run()
  }

  async #fetch({ url }: ClaimedSource): Promise<PageContent | PageProblem> {
    const page = await this.#options.fetcher.fetch(url, this.#stopping.signal)
    if ('problem' in page) return page
    return unlessStopped(readPage(page, this.#options.pause), this.#stopping.signal)
  }
}

/** Returns what the work gives, unless the signal comes first: a file's reading ends by itself. */
async function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const done = new AbortController()
  const stopped = once(signal, 'abort', { signal: done.signal }).then(() => {
    throw new NoAnswerError('stopped')
  })
  try {
    return await Promise.race([work, stopped])
  } finally {
    done.abort()
  }
}
