import { mkdirSync } from 'node:fs'
import { Socket } from 'node:net'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Kysely, Migrator, PostgresDialect, sql, type Transaction } from 'kysely'
import type { PoolConfig } from 'pg'
import { ConfigError } from '../errors.js'
import type { Dialect } from './dialect.js'
import { migrations } from './migrations.js'
import { keepDatabasePrivate } from './private-file.js'
import { PushLog } from './push-log.js'
import type { Schema } from './schema.js'
import { LocalSignals, PostgresSignals, type Signals } from './signals.js'
import { openSqlite, readSqlite } from './sqlite.js'
import { ThreadedSqliteDialect } from './sqlite-dialect.js'
import { databaseFile, type DatabaseFile } from './sqlite-copy.js'

/** An open database. */
export interface Store {
  readonly dialect: Dialect
  /** For a person: which engine and version this is. */
  readonly engine: string
  readonly db: Kysely<Schema>
  /** Where pushes are made safe. */
  readonly pushes: PushLog
  /** Words to the other processes on this database. */
  readonly signals: Signals
  /** SQLite's file; undefined with PostgreSQL. */
  readonly file: DatabaseFile | undefined
  /** The names of the migrations that the database still needs. */
  pendingMigrations(): Promise<string[]>
  /** Brings the schema up to date; gives the names of the migrations it ran. */
  migrate(): Promise<string[]>
  close(): Promise<void>
}

export type Tx = Transaction<Schema>

/**
 * Opens `file:PATH` (SQLite, for this process alone) or `postgres://…`. Migrations are run by `migrate`.
 * Throws ConfigError when the address can't work or another server has the file.
 */
export async function openStore(
  url: string,
  { silenceMs = SILENCE_MS }: { silenceMs?: number } = {},
): Promise<Store> {
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url, silenceMs)
  if (url.startsWith('file:')) return openFile(url)
  throw new ConfigError('DATABASE_URL must be file:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE.')
}

/** The file of an address `file:PATH`. */
export function sqlitePath(url: string): string {
  return url.startsWith('file://') ? fileURLToPath(url) : url.slice('file:'.length)
}

async function openFile(url: string): Promise<Store> {
  const path = sqlitePath(url)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  keepDatabasePrivate(path)
  const sqlite = await openSqlite(path)
  const signals = new LocalSignals()
  const onCommit = (): void => void signals.send('feed', '')
  const db = new Kysely<Schema>({ dialect: new ThreadedSqliteDialect(sqlite, onCommit) })
  const [version] = await readSqlite<{ version: string }>(sqlite, 'select sqlite_version() as version')
  return {
    dialect: 'sqlite',
    engine: `SQLite ${version?.version ?? '?'} (${sqlite.engine})`,
    db,
    pushes: new PushLog(db, 'sqlite'),
    signals,
    file: databaseFile(path, db, sqlite),
    pendingMigrations: () => pending(db, 'sqlite'),
    migrate: () => migrate(db, 'sqlite'),
    close: async () => {
      await db.destroy()
      // kysely closes the file only when it ran a query.
      try {
        await sqlite.close()
      } catch {
        // closed already
      }
    },
  }
}

/**
 * A connection to PostgreSQL on which nothing moves for so long is half dead: TCP itself would wait a quarter of an
 * hour. No statement of the service may take so long without an answer; migrations may.
 */
const SILENCE_MS = 30_000

async function openPostgres(url: string, silenceMs: number): Promise<Store> {
  // Only here: what is read at each start is most of its time.
  const { default: pg } = await import('pg')
  const types = new pg.TypeOverrides()
  // Ids, sequences and times stay below 2^53.
  types.setTypeParser(pg.types.builtins.INT8, Number)
  const settings: PoolConfig = {
    connectionString: url,
    types,
    connectionTimeoutMillis: 5000,
    keepAlive: true,
  }
  const pool = new pg.Pool({ ...settings, max: 10, stream: () => endsWhenSilent(silenceMs) })
  // A connection that breaks while idle is replaced; without a listener it would end the process.
  pool.on('error', () => undefined)
  // So is one that breaks at work: whoever waits for its answer is told.
  pool.on('connect', (client) => client.on('error', () => undefined))
  try {
    const { rows } = await pool.query<{ server_version: string }>('show server_version')
    const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) })
    const signals = new PostgresSignals(pool, silenceMs / 3)
    let closed: Promise<void> | undefined
    return {
      dialect: 'postgres',
      engine: `PostgreSQL ${rows[0]?.server_version ?? '?'}`,
      db,
      pushes: new PushLog(db, 'postgres'),
      signals,
      file: undefined,
      pendingMigrations: () => pending(db, 'postgres'),
      migrate: async () => {
        const patient = new Kysely<Schema>({
          dialect: new PostgresDialect({ pool: new pg.Pool({ ...settings, max: 2 }) }),
        })
        return migrate(patient, 'postgres').finally(() => patient.destroy())
      },
      close: () => (closed ??= close()),
    }
    async function close(): Promise<void> {
      await signals.close()
      await db.destroy()
      // kysely ends the pool only when it ran a query.
      if (!pool.ending) await pool.end()
    }
  } catch (error) {
    await pool.end()
    throw new ConfigError(
      `PostgreSQL can’t be reached (${error instanceof Error ? error.message : 'unknown cause'}). Check DATABASE_URL, and that the server runs and lets this machine in.`,
      { cause: error },
    )
  }
}

function endsWhenSilent(milliseconds: number): Socket {
  const socket = new Socket()
  socket.setTimeout(milliseconds, () => {
    socket.destroy(new Error('the connection to the database was silent for too long'))
  })
  return socket
}

function migratorOf(db: Kysely<Schema>, dialect: Dialect): Migrator {
  return new Migrator({ db, provider: { getMigrations: async () => migrations(dialect) } })
}

async function pending(db: Kysely<Schema>, dialect: Dialect): Promise<string[]> {
  await refuseNewer(db, dialect)
  const known = await migratorOf(db, dialect).getMigrations()
  return known.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name)
}

/** Throws ConfigError when a newer kefu has had the database: this one does not know what is in it. */
async function refuseNewer(db: Kysely<Schema>, dialect: Dialect): Promise<void> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === 'kysely_migration')) return
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  const known = migrations(dialect)
  const foreign = rows.map(({ name }) => name).filter((name) => !Object.hasOwn(known, name))
  if (foreign.length === 0) return
  const names = foreign.join(', ')
  throw new ConfigError(
    `这个数据库被更新版本的 kefu 升级过，这个版本不认识其中的 ${names}，没有改动任何内容。请装回那个版本或更新的版本；要退回这个版本，先停止服务，再恢复升级前的备份。 ` +
      `The database is of a newer kefu: it has ${names}, which this version does not know. Nothing was changed. Install that version or a later one again; ` +
      'to go back to this version, stop the service and restore the backup from before the upgrade.',
  )
}

async function migrate(db: Kysely<Schema>, dialect: Dialect): Promise<string[]> {
  await refuseNewer(db, dialect)
  const migrator = migratorOf(db, dialect)
  const { error, results = [] } = await migrator.migrateToLatest()
  if (error !== undefined) {
    const failed = results.find((result) => result.status === 'Error')?.migrationName ?? 'a migration'
    throw new ConfigError(
      `The database can’t be brought up to date: ${failed} failed (${error instanceof Error ? error.message : 'unknown cause'}). Nothing of it was kept.`,
      { cause: error },
    )
  }
  return results.map((result) => result.migrationName)
}
