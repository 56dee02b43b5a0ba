import type { Logger } from '../log.js'
import { BackgroundLoop, type Store, type Tx } from '../store/index.js'
import { Entries } from './entries.js'
import { entryOf, isLiveAt, type KnowledgeEntry } from './knowledge-entry.js'
import { RetrievalIndex } from './retrieval/retrieval-index.js'

/** An entry that a question finds, and why. */
export interface Candidate {
  readonly entry: KnowledgeEntry
  /** How surely it is meant, 0 to 1. */
  readonly confidence: number
  /** How alike the question and the entry's best wording are, and how much of the question the entry has, 0 to 1. */
  readonly dice: number
  readonly cover: number
  /** The terms that both have. */
  readonly matched: readonly string[]
}

/** For whom is searched. */
export interface Searched {
  readonly appId: string | null
  readonly audience: 'customer' | 'agents'
  /** Milliseconds since 1970. */
  readonly at: number
  readonly most: number
}

export interface KnowledgeOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
  /** Lets everything else go first, between two slices of work. */
  readonly pause: () => Promise<unknown>
  /** Called when another process has changed something. */
  readonly onOthersChange?: () => void
}

/** The entries are compared with the database so often, should a word of their change have been missed. */
const REREAD_MS = 30_000
/** How many entries are indexed before all else may go first: some 10 ms. */
const SLICE = 20

/** The shop's knowledge in memory, searched there, and kept as the database has it. */
export class Knowledge {
  readonly entries: Entries
  readonly #options: KnowledgeOptions
  readonly #index = new RetrievalIndex()
  readonly #known = new Map<number, KnowledgeEntry>()
  readonly #loop: BackgroundLoop
  #reading: Promise<unknown> = Promise.resolve()
  #end = (): void => undefined

  constructor(options: KnowledgeOptions) {
    this.#options = options
    const { store, now, logger } = options
    this.entries = new Entries({
      store,
      now,
      onChanged: () => this.changed(),
    })
    this.#loop = new BackgroundLoop({
      pass: async () => {
        if (await this.reread()) options.onOthersChange?.()
        return undefined
      },
      everyMs: REREAD_MS,
      onError: (err) => {
        logger.warn({ err }, 'the knowledge could not be read again; it stays as it was')
      },
    })
  }

  /** How many entries there are, of all states. */
  get size(): number {
    return this.#known.size
  }

  async start(): Promise<void> {
    await this.reread()
    this.#loop.start()
    this.#end = this.#options.store.signals.on('knowledge', () => {
      this.#loop.wake()
    })
  }

  async stop(): Promise<void> {
    this.#end()
    await this.#loop.stop()
    await this.#reading.catch(() => undefined)
  }

  /** To be called after each commit that changed entries: reads them, and has other processes read them. */
  async changed(): Promise<void> {
    await this.reread()
    await this.#options.store.signals.send('knowledge', '')
  }

  /** Reads what has changed in the database; says whether anything has. */
  reread(): Promise<boolean> {
    const reading = this.#reading.catch(() => undefined).then(() => this.#read())
    this.#reading = reading
    return reading
  }

  /** Returns the live entries that a question finds, the likeliest first. */
  search(question: string, searched: Searched): Candidate[] {
    return this.#index
      .search(question, searched.most, (id) => this.#mayTell(this.#known.get(id), searched))
      .flatMap(({ id, confidence, dice, cover, matched }) => {
        const entry = this.#known.get(id)
        return entry ? [{ entry, confidence, dice, cover, matched }] : []
      })
  }

  /** Returns all live entries, or where there are more than `most` the likeliest for the question; in an order that stays. */
  overview(question: string, { most, ...searched }: Searched): KnowledgeEntry[] {
    const all = [...this.#known.values()].filter((entry) => this.#mayTell(entry, searched))
    const chosen =
      all.length <= most ? all : this.search(question, { ...searched, most }).map((each) => each.entry)
    return chosen.toSorted((a, b) => a.id - b.id)
  }

  /** Returns an entry where it may be told. */
  told(id: number, searched: Pick<Searched, 'appId' | 'audience' | 'at'>): KnowledgeEntry | undefined {
    const entry = this.#known.get(id)
    return this.#mayTell(entry, searched) ? entry : undefined
  }

  /** All entries, of all states. */
  get all(): Iterable<KnowledgeEntry> {
    return this.#known.values()
  }

  entry(id: number): KnowledgeEntry | undefined {
    return this.#known.get(id)
  }

  #mayTell(
    entry: KnowledgeEntry | undefined,
    { appId, audience, at }: Pick<Searched, 'appId' | 'audience' | 'at'>,
  ): entry is KnowledgeEntry {
    if (!entry || !isLiveAt(entry, at)) return false
    return (
      (entry.appId === null || entry.appId === appId) &&
      (audience === 'agents' || entry.audience === 'customer')
    )
  }

  async #read(): Promise<boolean> {
    const { db } = this.#options.store
    const rows = await db.selectFrom('knowledge_entry').select(['id', 'version']).execute()
    const versions = new Map(rows.map(({ id, version }) => [id, version]))
    const gone = [...this.#known.keys()].filter((id) => !versions.has(id))
    for (const id of gone) {
      this.#known.delete(id)
      this.#index.delete(id)
    }
    const changed = rows.filter(({ id, version }) => this.#known.get(id)?.version !== version)
    for (let from = 0; from < changed.length; from += SLICE) {
      const ids = changed.slice(from, from + SLICE).map(({ id }) => id)
      const read = await db.selectFrom('knowledge_entry').selectAll().where('id', 'in', ids).execute()
      for (const row of read) this.#take(entryOf(row))
      await this.#options.pause()
    }
    return gone.length + changed.length > 0
  }

  #take(entry: KnowledgeEntry): void {
    const { id, title, wordings, text } = entry
    this.#known.set(id, entry)
    this.#index.set({ id, wordings: [title, ...wordings], text })
  }
}

/** Whether an entry is still as it was and may be told, read in a transaction. */
export async function isStillLive(tx: Tx, id: number, version: number, at: number): Promise<boolean> {
  const row = await tx
    .selectFrom('knowledge_entry')
    .select(['version', 'state', 'valid_from', 'valid_until'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (row?.version !== version) return false
  return isLiveAt({ state: row.state, validFrom: row.valid_from, validUntil: row.valid_until }, at)
}
