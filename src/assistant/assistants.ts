import { httpErrorFor, notFound } from '../http/http-error.js'
import type { Logger } from '../log.js'
import { BackgroundLoop, type Store } from '../store/index.js'
import { assistantSettings, type AssistantSettings } from './assistant-settings.js'

/** An assistant as it stands. */
export interface Assistant {
  readonly id: number
  readonly name: string
  readonly draft: AssistantSettings
  /** Null while none was published. */
  readonly liveVersion: number | null
  readonly updatedAt: number
}

/** An assistant's settings as they answer. */
export interface LiveAssistant {
  readonly name: string
  readonly version: number
  readonly settings: AssistantSettings
}

export interface AssistantVersion {
  readonly version: number
  readonly settings: AssistantSettings
  readonly by: string
  readonly at: number
}

export interface AssistantsOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
}

/** The assistants are read again so often, should a word of their change have been missed. */
const REREAD_MS = 30_000

/** The assistants in the database; those that answer are kept in memory. */
export class Assistants {
  readonly #options: AssistantsOptions
  readonly #loop: BackgroundLoop
  #live: ReadonlyMap<string, LiveAssistant> = new Map()
  #end = (): void => undefined

  constructor(options: AssistantsOptions) {
    this.#options = options
    this.#loop = new BackgroundLoop({
      pass: () => this.#reread().then(() => undefined),
      everyMs: REREAD_MS,
      onError: (err) => {
        options.logger.warn({ err }, 'the assistants could not be read again; they stay as they were')
      },
    })
  }

  async start(): Promise<void> {
    await this.#reread()
    this.#loop.start()
    this.#end = this.#options.store.signals.on('assistants', () => {
      this.#loop.wake()
    })
  }

  async stop(): Promise<void> {
    this.#end()
    await this.#loop.stop()
  }

  /** The settings that answer; undefined where none were published. */
  live(name: string): LiveAssistant | undefined {
    return this.#live.get(name)
  }

  async list(): Promise<Assistant[]> {
    const rows = await this.#options.store.db.selectFrom('assistant').selectAll().orderBy('id').execute()
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      draft: settingsOf(row.draft),
      liveVersion: row.live_version,
      updatedAt: row.updated_at,
    }))
  }

  async get(name: string): Promise<Assistant> {
    const found = (await this.list()).find((each) => each.name === name)
    if (!found) throw notFound()
    return found
  }

  /** Keeps settings to work on, and makes the assistant where there is none of the name. */
  async saveDraft(name: string, settings: AssistantSettings): Promise<Assistant> {
    const { store, now } = this.#options
    const at = now()
    const draft = JSON.stringify(settings)
    await store.db
      .insertInto('assistant')
      .values({ name, draft, live_version: null, created_at: at, updated_at: at })
      .onConflict((oc) => oc.column('name').doUpdateSet({ draft, updated_at: at }))
      .execute()
    return this.get(name)
  }

  /** Lets the draft answer from now on. */
  async publish(name: string, by: string): Promise<Assistant> {
    const { store, now } = this.#options
    await store.db.transaction().execute(async (tx) => {
      const row = await tx
        .updateTable('assistant')
        .set((eb) => ({
          live_version: eb.fn.coalesce(eb('live_version', '+', 1), eb.lit(1)),
          updated_at: now(),
        }))
        .where('name', '=', name)
        .returningAll()
        .executeTakeFirst()
      if (!row)
        throw httpErrorFor('assistant_unknown', 'not_found', `There is no assistant ${name}.`, { name })
      await tx
        .insertInto('assistant_version')
        .values({
          assistant_id: row.id,
          version: row.live_version ?? 1,
          settings: row.draft,
          published_by: by,
          published_at: now(),
        })
        .execute()
    })
    await this.#changed()
    return this.get(name)
  }

  async versions(name: string): Promise<AssistantVersion[]> {
    const { id } = await this.get(name)
    const rows = await this.#options.store.db
      .selectFrom('assistant_version')
      .selectAll()
      .where('assistant_id', '=', id)
      .orderBy('version', 'desc')
      .limit(100)
      .execute()
    return rows.map((row) => ({
      version: row.version,
      settings: settingsOf(row.settings),
      by: row.published_by,
      at: row.published_at,
    }))
  }

  async remove(name: string): Promise<void> {
    const { numDeletedRows } = await this.#options.store.db
      .deleteFrom('assistant')
      .where('name', '=', name)
      .executeTakeFirstOrThrow()
    if (numDeletedRows === 0n) throw notFound()
    await this.#changed()
  }

  async #changed(): Promise<void> {
    await this.#reread()
    await this.#options.store.signals.send('assistants', '')
  }

  async #reread(): Promise<void> {
    const rows = await this.#options.store.db
      .selectFrom('assistant')
      .innerJoin('assistant_version', (join) =>
        join
          .onRef('assistant_version.assistant_id', '=', 'assistant.id')
          .onRef('assistant_version.version', '=', 'assistant.live_version'),
      )
      .select(['name', 'version', 'settings'])
      .execute()
    this.#live = new Map(
      rows.map(({ name, version, settings }) => [name, { name, version, settings: settingsOf(settings) }]),
    )
  }
}

/** Settings as an earlier release wrote them have the usual values for what came since. */
function settingsOf(text: string): AssistantSettings {
  return assistantSettings.parse(JSON.parse(text))
}
