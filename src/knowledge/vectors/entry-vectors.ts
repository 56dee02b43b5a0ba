import { createHash } from 'node:crypto'
import type { Logger } from '../../log.js'
import { BackgroundLoop, type Store } from '../../store/index.js'
import type { Knowledge, Searched } from '../knowledge.js'
import type { KnowledgeEntry } from '../knowledge-entry.js'
import type { Embedder, EmbedOptions } from './embedder.js'

export interface EntryVectorsOptions {
  readonly store: Pick<Store, 'db'>
  readonly knowledge: Pick<Knowledge, 'all' | 'told'>
  readonly embedder: Embedder
  /** Whether this process makes what is missing; the others read it. */
  readonly mine: () => boolean
  readonly logger: Logger
}

/** An entry that means what a question means. */
export interface Near {
  readonly entry: KnowledgeEntry
  /** The cosine of both vectors: 1 where they mean the same. */
  readonly similarity: number
}

interface Known {
  readonly version: number
  readonly hash: string
  vector: Float32Array | undefined
}

/** Texts in one request, as many as every provider takes. */
const AT_ONCE = 10
const READ_AT_ONCE = 200
const EVERY_MS = 5000
/** After a request in vain. */
const RETRY_MS = 60_000
const TIMEOUT_MS = 30_000
/** Characters: longer texts say no more of what they are about. */
const TEXT_LENGTH = 1500

/** What each entry means, kept beside the entries, so that a question is answered also where it has other words. */
export class EntryVectors {
  readonly #options: EntryVectorsOptions
  readonly #known = new Map<number, Known>()
  readonly #loop: BackgroundLoop
  readonly #ends = new AbortController()

  constructor(options: EntryVectorsOptions) {
    this.#options = options
    this.#loop = new BackgroundLoop({
      pass: () => this.#pass(),
      everyMs: EVERY_MS,
      onError: (err) => {
        options.logger.warn(
          { err },
          'the vectors of the knowledge could not be read or kept; it is tried again',
        )
      },
    })
  }

  /** How many entries have theirs. */
  get size(): number {
    return [...this.#known.values()].filter(({ vector }) => vector !== undefined).length
  }

  start(): void {
    this.#loop.start()
    this.#loop.wake()
  }

  /** Looks for entries without a vector now. */
  wake(): void {
    this.#loop.wake()
  }

  async stop(): Promise<void> {
    this.#ends.abort()
    await this.#loop.stop()
  }

  /** Returns the entries nearest to what a question means; none where that can't be said now. Never throws. */
  async near(question: string, { most, ...searched }: Searched, options: EmbedOptions): Promise<Near[]> {
    if (this.#known.size === 0) return []
    const [asked] = (await this.#options.embedder.embed([question.slice(0, TEXT_LENGTH)], options)) ?? []
    if (!asked) return []
    const found: { id: number; similarity: number }[] = []
    for (const [id, { vector }] of this.#known)
      if (vector?.length === asked.length) found.push({ id, similarity: product(vector, asked) })
    found.sort((a, b) => b.similarity - a.similarity || a.id - b.id)
    const near: Near[] = []
    for (const { id, similarity } of found) {
      const entry = this.#options.knowledge.told(id, searched)
      if (entry) near.push({ entry, similarity })
      if (near.length === most) break
    }
    return near
  }

  async #pass(): Promise<'again' | number | undefined> {
    const { knowledge, mine } = this.#options
    const there = new Set<number>()
    const missing = new Map<number, string>()
    for (const entry of knowledge.all) {
      there.add(entry.id)
      const known = this.#known.get(entry.id)
      if (known?.version === entry.version && known.vector !== undefined) continue
      const text = textOf(entry)
      const hash = hashOf(text)
      const vector = known?.hash === hash ? known.vector : undefined
      this.#known.set(entry.id, { version: entry.version, hash, vector })
      if (vector === undefined) missing.set(entry.id, text)
    }
    for (const id of this.#known.keys()) if (!there.has(id)) this.#known.delete(id)
    await this.#read([...missing.keys()])
    const left = [...missing].filter(([id]) => this.#known.get(id)?.vector === undefined)
    if (left.length === 0 || !mine()) return undefined
    return (await this.#make(left.slice(0, AT_ONCE))) ? 'again' : RETRY_MS
  }

  async #read(ids: readonly number[]): Promise<void> {
    const { store, embedder } = this.#options
    for (let from = 0; from < ids.length; from += READ_AT_ONCE) {
      const rows = await store.db
        .selectFrom('knowledge_vector')
        .selectAll()
        .where('entry_id', 'in', ids.slice(from, from + READ_AT_ONCE))
        .where('model', '=', embedder.name)
        .execute()
      for (const { entry_id: id, text_hash: hash, vector } of rows) {
        const known = this.#known.get(id)
        if (known?.hash === hash) known.vector = numbersOf(vector)
      }
    }
  }

  /** Makes vectors and keeps them; says whether there were any. */
  async #make(texts: readonly (readonly [id: number, text: string])[]): Promise<boolean> {
    const { store, embedder } = this.#options
    const vectors = await embedder.embed(
      texts.map(([, text]) => text),
      { appId: 'knowledge', signal: this.#ends.signal, withinMs: TIMEOUT_MS },
    )
    if (!vectors) return false
    for (const [index, [id, text]] of texts.entries()) {
      const vector = vectors[index]
      const known = this.#known.get(id)
      if (!vector || known?.hash !== hashOf(text)) continue
      const row = { model: embedder.name, text_hash: known.hash, vector: base64Of(vector) }
      // The entry may be gone by now.
      await store.db
        .insertInto('knowledge_vector')
        .columns(['entry_id', 'model', 'text_hash', 'vector'])
        .expression((eb) =>
          eb
            .selectFrom('knowledge_entry')
            .select([
              'id',
              eb.val(row.model).as('model'),
              eb.val(row.text_hash).as('text_hash'),
              eb.val(row.vector).as('vector'),
            ])
            .where('id', '=', id),
        )
        .onConflict((oc) => oc.column('entry_id').doUpdateSet(row))
        .execute()
      known.vector = vector
    }
    return true
  }
}

function textOf({ title, wordings, text }: KnowledgeEntry): string {
  return [title, ...wordings, text].join('\n').slice(0, TEXT_LENGTH)
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}

function product(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0)
  return sum
}

function base64Of(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [i, number] of vector.entries()) bytes.writeFloatLE(number, i * 4)
  return bytes.toString('base64')
}

function numbersOf(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64')
  return Float32Array.from({ length: bytes.length >> 2 }, (_, i) => bytes.readFloatLE(i * 4))
}
