import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { currentSequence } from '../conversation/index.js'
import type { Logger } from '../log.js'
import {
  BackgroundLoop,
  claimDatabaseId,
  postgresWitness,
  readDatabaseId,
  type Store,
} from '../store/index.js'
import { readDatabaseMark, writeDatabaseMark } from '../store/database-mark.js'

export interface DatabaseIdentityOptions {
  readonly store: Store
  /** `database.mark` in DATA_DIR. */
  readonly file: string
  readonly logger: Logger
}

/** How often it is noted how far the database has come. */
const NOTE_MS = 60_000

/**
 * The name of the database: made with it, and another one as soon as it is found to have gone back in time. What
 * browsers keep for later is kept under this name, because a restored database gives the same numbers again, to
 * other conversations and other agents. A restore is known by one of these:
 *
 * - a backup has no name (`kefu backup` leaves it out);
 * - SQLite: each start gives the database a new witness and notes it in DATA_DIR, so that a file which was copied
 *   before that start, or comes from elsewhere, shows another one;
 * - PostgreSQL: the tables of a restored dump have other numbers than those that were dumped;
 * - both: its sequence stands before where this machine has seen it.
 */
export class DatabaseIdentity {
  readonly #options: DatabaseIdentityOptions
  readonly #loop: BackgroundLoop
  #witness = ''
  #id = ''
  /** How far the database has come, as far as this process has seen. */
  #sequence = 0
  #noting: Promise<void> = Promise.resolve()

  constructor(options: DatabaseIdentityOptions) {
    this.#options = options
    this.#loop = new BackgroundLoop({
      pass: () => this.note().then(() => undefined),
      everyMs: NOTE_MS,
      onError: () => undefined,
    })
  }

  /** Finds out whether this is the database that was last open here, and names it anew when it is not. */
  async open(): Promise<void> {
    const { store, file } = this.#options
    const mark = await readDatabaseMark(file)
    const before = await readDatabaseId(store)
    const sequence = await currentSequence(store)
    this.#witness = store.file ? randomUUID() : await postgresWitness(store)
    if (store.file && before?.witness && mark?.witnesses.includes(before.witness))
      // Until the database has the new witness, its old one is good too.
      await this.#write({ ...mark, witnesses: [before.witness, this.#witness] })
    this.#id = await claimDatabaseId(store, this.#witness, ({ id, witness }) => {
      if (mark?.id === id && sequence < mark.sequence) return false
      if (witness === null) return true
      return store.file ? mark?.id === id && mark.witnesses.includes(witness) : witness === this.#witness
    })
    this.#sequence = sequence
    await this.#write({ id: this.#id, witnesses: [this.#witness], sequence })
    this.#loop.start()
  }

  /** The database's name as it stands now, whichever process gave it. */
  readonly id = async (): Promise<string> => (await readDatabaseId(this.#options.store))?.id ?? this.#id

  /** Notes how far the database has come; one that went back under the running service gets another name at once. */
  note(): Promise<void> {
    this.#noting = this.#noting.then(() =>
      this.#note().catch((err: unknown) => {
        this.#options.logger.warn(
          { err },
          'how far the database has come could not be noted; tried again soon',
        )
      }),
    )
    return this.#noting
  }

  /** Notes it for the last time. */
  async close(): Promise<void> {
    await this.#loop.stop()
    await this.note()
  }

  async #note(): Promise<void> {
    const { store } = this.#options
    const sequence = await currentSequence(store)
    const known = this.#id
    if (sequence < this.#sequence || !(await readDatabaseId(store)))
      // Another process may have noticed first: then it has another name already.
      this.#id = await claimDatabaseId(store, this.#witness, ({ id }) => id !== known)
    else if (sequence === this.#sequence) return
    this.#sequence = sequence
    await this.#write({ id: await this.id(), witnesses: [this.#witness], sequence })
  }

  /** Without the note a restore is still safe: the next start finds no witness, and gives another name. */
  async #write(mark: { id: string; witnesses: string[]; sequence: number }): Promise<void> {
    const { file, logger } = this.#options
    try {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      await writeDatabaseMark(file, mark)
    } catch (err) {
      logger.warn({ err }, `${file} could not be written: check that DATA_DIR can be written to`)
    }
  }
}
