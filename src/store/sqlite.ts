import { createRequire } from 'node:module'
import type { SqliteDatabase, SqliteStatement } from 'kysely'
import { ConfigError } from '../errors.js'

/**
 * The seam between SQLite's two drivers: `node:sqlite` where the runtime has it, else libsql, whose binary comes
 * inside its npm package. It has the shape that kysely asks for; statements are prepared once.
 */
export interface Sqlite extends SqliteDatabase {
  readonly engine: 'node:sqlite' | 'libsql'
  exec(sql: string): void
}

interface RawStatement {
  all(...parameters: unknown[]): unknown[]
  run(...parameters: unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint }
  iterate(...parameters: unknown[]): IterableIterator<unknown>
}

interface RawDatabase {
  exec(sql: string): void
  prepare(sql: string): RawStatement
  close(): void
}

/** More different statements than kefu has; a bound for those that are made up at run time. */
const STATEMENTS = 500

/**
 * Opens the file for this process alone, in WAL mode with each commit synced to disk. The lock is the operating
 * system's, so a kill releases it. Throws ConfigError when another process has the file.
 */
export function openSqlite(file: string): Sqlite {
  const { engine, raw } = openRaw(file)
  try {
    // Exclusive: a second server is refused here, and the WAL has one connection, whatever the SQLite's version.
    raw.exec('pragma locking_mode = exclusive')
    raw.exec('pragma journal_mode = wal')
    raw.exec('pragma synchronous = full')
    raw.exec('pragma foreign_keys = on')
    raw.exec('pragma busy_timeout = 0')
    // What is deleted is overwritten, not only forgotten.
    raw.exec('pragma secure_delete = on')
    raw.exec('begin immediate; commit')
  } catch (error) {
    raw.close()
    if (error instanceof Error && /locked|busy/i.test(error.message))
      throw new ConfigError(
        'Another kefu is running on this database. Stop it first, use another DATA_DIR, or, for several servers, PostgreSQL (DATABASE_URL).',
        { cause: error },
      )
    throw error
  }
  const statements = new Map<string, SqliteStatement>()
  return {
    engine,
    exec: (sql) => {
      raw.exec(sql)
    },
    prepare(sql) {
      let statement = statements.get(sql)
      if (!statement) {
        statement = adapt(raw.prepare(sql), sql)
        if (statements.size >= STATEMENTS) statements.clear()
        statements.set(sql, statement)
      }
      return statement
    },
    close() {
      statements.clear()
      // libsql keeps the file, and its lock, until its statements are collected: leaving WAL and the exclusive mode
      // gives the lock back now, and leaves a single file behind.
      raw.exec('pragma journal_mode = delete')
      raw.exec('pragma locking_mode = normal')
      raw.exec('select 1 from sqlite_master limit 1')
      raw.close()
    },
  }
}

/** The driver's own connection, without any setting. */
export function openRaw(file: string): { engine: Sqlite['engine']; raw: RawDatabase } {
  const builtin = nodeSqlite()
  if (builtin) return { engine: 'node:sqlite', raw: new builtin(file) }
  const Libsql = createRequire(import.meta.url)('libsql') as new (file: string) => RawDatabase
  return { engine: 'libsql', raw: new Libsql(file) }
}

/** The runtime's own SQLite: in Node from 22.13 on without a flag. */
function nodeSqlite(): (new (file: string) => RawDatabase) | undefined {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 22 || (major === 22 && minor < 13)) return undefined
  const { DatabaseSync } = createRequire(import.meta.url)('node:sqlite') as {
    DatabaseSync: new (file: string) => RawDatabase
  }
  return DatabaseSync
}

function adapt(statement: RawStatement, sql: string): SqliteStatement {
  const reader = /^\s*(select|with|pragma|explain)\b/i.test(sql) || /\breturning\b/i.test(sql)
  return {
    reader,
    all: (parameters) => statement.all(...parameters),
    run: (parameters) => statement.run(...parameters),
    iterate: (parameters) => statement.iterate(...parameters),
  }
}
