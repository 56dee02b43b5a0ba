import { httpErrorFor, notFound } from '../http/http-error.js'
import { fromJson, type Store, type Tx } from '../store/index.js'
import { columnsOf, insertEntry, keepVersion, mustHaveRoom } from './entry-rows.js'
import { entryOf, type KnowledgeEntry } from './knowledge-entry.js'
import { maySee, mustMayWrite, type Asking } from './scope.js'
import type { EntryInput } from './schemas/knowledge-entry.js'

export interface EntryVersion {
  readonly version: number
  readonly at: number
  readonly by: string
  readonly entry: EntryInput
}

export interface EntriesAsked {
  readonly q?: string | undefined
  readonly state?: 'draft' | 'live' | 'off' | undefined
  readonly before?: number | undefined
  readonly limit: number
}

export interface EntriesOptions {
  readonly store: Store
  readonly now: () => number
  /** Called after each commit that changed something. */
  readonly onChanged: () => Promise<void>
}

/** The entries in the database, each state of them kept. Who may not see a Mini Program may not see its entries. */
export class Entries {
  readonly #options: EntriesOptions

  constructor(options: EntriesOptions) {
    this.#options = options
  }

  /** Newest first. */
  async list(asking: Asking, { q, state, before, limit }: EntriesAsked): Promise<KnowledgeEntry[]> {
    const rows = await this.#options.store.db
      .selectFrom('knowledge_entry')
      .selectAll()
      .$if(state !== undefined, (query) => query.where('state', '=', state ?? 'live'))
      .$if(before !== undefined, (query) => query.where('id', '<', before ?? 0))
      .orderBy('id', 'desc')
      .execute()
    const wanted = q?.normalize('NFKC').toLowerCase() ?? ''
    return rows
      .map(entryOf)
      .filter(({ appId }) => maySee(asking, appId))
      .filter(({ title, wordings, text }) =>
        [title, ...wordings, text].some((each) => each.normalize('NFKC').toLowerCase().includes(wanted)),
      )
      .slice(0, limit)
  }

  async get(id: number, asking: Asking): Promise<KnowledgeEntry> {
    const row = await this.#options.store.db
      .selectFrom('knowledge_entry')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst()
    if (!row || !maySee(asking, row.app_id)) throw notFound()
    return entryOf(row)
  }

  /** Adds an entry. Throws HttpError when there are as many as can be searched. */
  async add(
    input: EntryInput,
    asking: Asking,
    made?: (tx: Tx, entry: KnowledgeEntry) => Promise<void>,
  ): Promise<KnowledgeEntry> {
    mustMayWrite(asking, input.appId)
    const entry = await this.#options.store.db.transaction().execute(async (tx) => {
      await mustHaveRoom(tx, 1)
      const added = await insertEntry(tx, { input, by: asking.name, at: this.#options.now() })
      await made?.(tx, added)
      return added
    })
    await this.#options.onChanged()
    return entry
  }

  /** Adds many, all or none. */
  async addAll(inputs: readonly EntryInput[], asking: Asking): Promise<number> {
    for (const { appId } of inputs) mustMayWrite(asking, appId)
    await this.#options.store.db.transaction().execute(async (tx) => {
      await mustHaveRoom(tx, inputs.length)
      for (const input of inputs) await insertEntry(tx, { input, by: asking.name, at: this.#options.now() })
    })
    await this.#options.onChanged()
    return inputs.length
  }

  /** Puts another content in the place of an entry's. Throws HttpError where it is not of the version that was seen. */
  async change(
    id: number,
    input: EntryInput,
    asking: Asking,
    seen: number | undefined,
  ): Promise<KnowledgeEntry> {
    const now = this.#options.now()
    const entry = await this.#options.store.db.transaction().execute(async (tx) => {
      const before = await tx
        .selectFrom('knowledge_entry')
        .select(['app_id', 'version'])
        .where('id', '=', id)
        .executeTakeFirst()
      if (!before || !maySee(asking, before.app_id)) throw notFound()
      mustMayWrite(asking, before.app_id)
      mustMayWrite(asking, input.appId)
      const changed = await tx
        .updateTable('knowledge_entry')
        .set({
          ...columnsOf(input),
          version: before.version + 1,
          updated_by: asking.name,
          updated_at: now,
        })
        .where('id', '=', id)
        .where('version', '=', seen ?? before.version)
        .returningAll()
        .executeTakeFirst()
      if (!changed)
        throw httpErrorFor('entry_changed', 'conflict', 'The entry was changed meanwhile: load it again.')
      await keepVersion(tx, id, changed.version, { input, by: asking.name, at: now })
      return entryOf(changed)
    })
    await this.#options.onChanged()
    return entry
  }

  async remove(id: number, asking: Asking): Promise<void> {
    const { appId } = await this.get(id, asking)
    mustMayWrite(asking, appId)
    await this.#options.store.db.deleteFrom('knowledge_entry').where('id', '=', id).execute()
    await this.#options.onChanged()
  }

  /** An entry's states, newest first. */
  async versions(id: number, asking: Asking): Promise<EntryVersion[]> {
    await this.get(id, asking)
    const rows = await this.#options.store.db
      .selectFrom('knowledge_version')
      .selectAll()
      .where('entry_id', '=', id)
      .orderBy('version', 'desc')
      .limit(200)
      .execute()
    return rows.map((row) => ({
      version: row.version,
      at: row.at,
      by: row.actor,
      entry: fromJson(row.content) as EntryInput,
    }))
  }

  /** Makes an earlier content the entry's again, as a new version. */
  async restore(id: number, version: number, asking: Asking): Promise<KnowledgeEntry> {
    const wanted = (await this.versions(id, asking)).find((each) => each.version === version)
    if (!wanted) throw notFound()
    return this.change(id, wanted.entry, asking, undefined)
  }
}
