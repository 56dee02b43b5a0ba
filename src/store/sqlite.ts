import { Worker } from 'node:worker_threads'
import { ConfigError } from '../errors.js'

/** The result of a statement. */
export interface SqliteResult {
  readonly rows: readonly unknown[]
  /** Of a statement that gives no rows. */
  readonly changes?: number | undefined
  readonly lastInsertRowid?: number | undefined
}

/** One connection to a SQLite file, in a thread of its own; what is asked is done in order. */
export interface Sqlite {
  readonly engine: 'node:sqlite' | 'libsql'
  run(sql: string, parameters: readonly unknown[]): Promise<SqliteResult>
  /** Any number of statements, whose rows nobody wants. */
  exec(sql: string): Promise<void>
  close(): Promise<void>
}

interface Waiting {
  readonly resolve: (result: SqliteResult) => void
  readonly reject: (error: unknown) => void
}

type Reply = readonly [
  id: number,
  result: readonly [rows: unknown[], changes?: number, lastInsertRowid?: number] | undefined,
  error?: { readonly message: string; readonly code?: string; readonly errcode?: number },
]

/**
 * Opens the file for this process alone, in WAL mode with each commit synced to disk. The lock is the operating
 * system's, so a kill releases it. Throws ConfigError when another process has the file.
 */
export async function openSqlite(file: string): Promise<Sqlite> {
  const sqlite = await openRaw(file)
  try {
    // Exclusive: a second server is refused here, and the WAL has one connection, whatever the SQLite's version.
    await sqlite.exec('pragma locking_mode = exclusive')
    await sqlite.exec('pragma journal_mode = wal')
    await sqlite.exec('pragma synchronous = full')
    await sqlite.exec('pragma foreign_keys = on')
    await sqlite.exec('pragma busy_timeout = 0')
    // Deleted data is overwritten, not only forgotten.
    await sqlite.exec('pragma secure_delete = on')
    await sqlite.exec('begin immediate; commit')
  } catch (error) {
    await sqlite.close()
    if (error instanceof Error && /locked|busy/i.test(error.message))
      throw new ConfigError(
        'Another kefu is running on this database. Stop it first, use another DATA_DIR, or, for several servers, PostgreSQL (DATABASE_URL).',
        { cause: error },
      )
    throw error
  }
  return {
    ...sqlite,
    async close() {
      // libsql keeps the file, and its lock, until its statements are collected: leaving WAL and the exclusive mode
      // gives the lock back now, and leaves a single file behind.
      await sqlite.exec(
        'pragma journal_mode = delete; pragma locking_mode = normal; select 1 from sqlite_master limit 1',
      )
      await sqlite.close()
    },
  }
}

/** A query's rows. */
export async function readSqlite<Row>(sqlite: Sqlite, query: string): Promise<Row[]> {
  return (await sqlite.run(query, [])).rows as Row[]
}

/** The threads' flags (see sqlite-thread.js). */
const open = new Set<Int32Array>()
const EXIT_WAIT_MS = 5000
process.on('exit', () => {
  for (const flags of open) {
    Atomics.store(flags, 1, 1)
    Atomics.wait(flags, 0, 1, EXIT_WAIT_MS)
  }
})

/** A connection without any setting. */
export async function openRaw(file: string): Promise<Sqlite> {
  const flags = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))
  const worker = new Worker(new URL('./sqlite-thread.js', import.meta.url), {
    workerData: { file, flags },
    // Rows do not live long: without a limit the young ones of both threads take 50 MB before anything is collected.
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
    // It needs nothing that this process preloads, and a loader's own thread may be waiting for this one.
    execArgv: process.execArgv.filter((option) => /^--cpu-prof(-\w+=|$)/.test(option)),
  })
  open.add(flags)
  const waiting = new Map<number, Waiting>()
  let asked = 0
  let ended: Error | undefined
  const end = (error: Error): void => {
    ended ??= error
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
  }
  const wait = (id: number): Promise<SqliteResult> =>
    new Promise((resolve, reject) => {
      if (ended) {
        reject(ended)
        return
      }
      // Only what is asked keeps the process alive, as it would without a thread.
      if (waiting.size === 0) worker.ref()
      waiting.set(id, { resolve, reject })
    })
  worker.on('message', ([id, result, error]: Reply) => {
    const each = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) worker.unref()
    if (error) each?.reject(Object.assign(new Error(error.message), error))
    else each?.resolve({ rows: result?.[0] ?? [], changes: result?.[1], lastInsertRowid: result?.[2] })
  })
  worker.on('error', (error) => {
    end(error)
    // Out of memory, or a mistake of ours: what goes on without a database is no service. A new start is.
    throw error
  })
  const exited = new Promise<void>((resolve) => worker.once('exit', resolve))
  void exited.then(() => {
    open.delete(flags)
    end(new Error('The connection to the database is closed.'))
  })
  const ask = (sql?: string, parameters?: readonly unknown[]): Promise<SqliteResult> => {
    const id = ++asked
    const answer = wait(id)
    worker.postMessage([id, sql, parameters])
    return answer
  }
  const { rows } = await wait(0).catch(async (error: unknown) => {
    await worker.terminate()
    throw error
  })
  const [opened] = rows as { engine: Sqlite['engine'] }[]
  return {
    engine: opened?.engine ?? 'libsql',
    run: ask,
    async exec(sql) {
      await ask(sql)
    },
    async close() {
      try {
        await ask()
      } finally {
        worker.ref()
        await exited
      }
    },
  }
}
