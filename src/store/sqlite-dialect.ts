import {
  CompiledQuery,
  SqliteAdapter,
  SqliteDialect,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
} from 'kysely'
import type { Sqlite } from './sqlite.js'

/**
 * Kysely's SQLite on a connection in a thread. It tells of each transaction that was committed, and changes a schema
 * in transactions as PostgreSQL does (kysely is careful and would migrate without one).
 */
export class ThreadedSqliteDialect extends SqliteDialect {
  readonly #sqlite: Sqlite
  readonly #onCommit: () => void

  constructor(sqlite: Sqlite, onCommit: () => void) {
    super({
      database: () => {
        throw new Error('kysely’s own driver is not used')
      },
    })
    this.#sqlite = sqlite
    this.#onCommit = onCommit
  }

  override createAdapter(): SqliteAdapter {
    return new (class extends SqliteAdapter {
      override get supportsTransactionalDdl(): boolean {
        return true
      }
    })()
  }

  override createDriver(): Driver {
    return new ThreadedSqliteDriver(this.#sqlite, this.#onCommit)
  }
}

/** One connection, which who wants it has one after the other. */
class ThreadedSqliteDriver implements Driver {
  readonly #sqlite: Sqlite
  readonly #connection: DatabaseConnection
  readonly #onCommit: () => void
  readonly #queue: (() => void)[] = []
  #taken = false

  constructor(sqlite: Sqlite, onCommit: () => void) {
    this.#sqlite = sqlite
    this.#connection = new ThreadedSqliteConnection(sqlite)
    this.#onCommit = onCommit
  }

  async init(): Promise<void> {
    // It is open already.
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#taken) await new Promise<void>((resolve) => this.#queue.push(resolve))
    this.#taken = true
    return this.#connection
  }

  async releaseConnection(): Promise<void> {
    const next = this.#queue.shift()
    if (next) next()
    else this.#taken = false
  }

  async beginTransaction(): Promise<void> {
    await this.#sqlite.run('begin', [])
  }

  async commitTransaction(): Promise<void> {
    await this.#sqlite.run('commit', [])
    this.#onCommit()
  }

  async rollbackTransaction(): Promise<void> {
    await this.#sqlite.run('rollback', [])
  }

  async destroy(): Promise<void> {
    await this.#sqlite.close()
  }
}

class ThreadedSqliteConnection implements DatabaseConnection {
  readonly #sqlite: Sqlite

  constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes, lastInsertRowid } = await this.#sqlite.run(sql, parameters)
    if (changes === undefined) return { rows: rows as R[] }
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid ?? 0) }
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('A thread’s rows come all at once: read them in pages.')
  }
}
