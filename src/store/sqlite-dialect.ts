import { SqliteAdapter, SqliteDialect, type DatabaseConnection, type Driver } from 'kysely'
import type { Sqlite } from './sqlite.js'

/**
 * Kysely's SQLite, which tells of each transaction that was committed, and changes a schema in transactions as
 * PostgreSQL does (kysely is careful and would migrate without one).
 */
export class OurSqliteDialect extends SqliteDialect {
  readonly #onCommit: () => void

  constructor(database: Sqlite, onCommit: () => void) {
    super({ database })
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
    const driver = super.createDriver()
    const commit = driver.commitTransaction.bind(driver)
    driver.commitTransaction = async (connection: DatabaseConnection) => {
      await commit(connection)
      this.#onCommit()
    }
    return driver
  }
}
