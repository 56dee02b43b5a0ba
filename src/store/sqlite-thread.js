// @ts-check
/**
 * SQLite in a thread of its own, so that neither a statement nor the wait for the disk holds up the event loop. In
 * JavaScript, because a thread's first file is run as it is, also from src/. Answers the requests of sqlite.ts in
 * their order.
 */
import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'

/**
 * @typedef {{ all(...parameters: unknown[]): unknown[], run(...parameters: unknown[]): Changes }} Statement
 * @typedef {{ changes: number | bigint, lastInsertRowid: number | bigint }} Changes
 * @typedef {{ exec(sql: string): void, prepare(sql: string): Statement, close(): void }} Database
 */

const require = createRequire(import.meta.url)

/** More different statements than kefu has; a bound for those that are made up at run time. */
const STATEMENTS = 500
/** @type {Map<string, { statement: Statement, reads: boolean }>} */
const statements = new Map()

/**
 * The seam between SQLite's two drivers: `node:sqlite` where the runtime has it without a flag, else libsql, whose
 * binary comes inside its npm package.
 * @param {string} file
 * @returns {{ engine: 'node:sqlite' | 'libsql', database: Database }}
 */
function open(file) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 13)) {
    // By a variable: @types/node of Node 20 does not know it.
    const builtin = 'node:sqlite'
    const { DatabaseSync } = require(builtin)
    return { engine: 'node:sqlite', database: new DatabaseSync(file) }
  }
  return { engine: 'libsql', database: new (require('libsql'))(file) }
}

/**
 * libsql takes one null by itself for a missing list of named parameters, and a list of one for what it holds.
 * @param {unknown[]} parameters
 * @returns {unknown[]}
 */
function asArguments(parameters) {
  return engine === 'libsql' && parameters.length === 1 ? [parameters] : parameters
}

/** @param {string} sql */
function prepare(sql) {
  let prepared = statements.get(sql)
  if (!prepared) {
    const reads = /^\s*(select|with|pragma|explain)\b/i.test(sql) || /\breturning\b/i.test(sql)
    prepared = { statement: database.prepare(sql), reads }
    if (statements.size >= STATEMENTS) statements.clear()
    statements.set(sql, prepared)
  }
  return prepared
}

/**
 * @param {string} sql
 * @param {unknown[] | undefined} parameters none: any number of statements, whose rows nobody wants
 * @returns {[rows: unknown[], changes?: number, lastInsertRowid?: number]}
 */
function run(sql, parameters) {
  if (!parameters) {
    database.exec(sql)
    return [[]]
  }
  const { statement, reads } = prepare(sql)
  if (reads) return [statement.all(...asArguments(parameters))]
  const { changes, lastInsertRowid } = statement.run(...asArguments(parameters))
  return [[], Number(changes), Number(lastInsertRowid)]
}

/** An error as it can cross threads: cloned, it would lose SQLite's code. @param {unknown} error */
function plain(error) {
  const { message, code, errcode } = /** @type {{ message?: string, code?: string, errcode?: number }} */ (
    error
  )
  return { message: String(message), code, errcode }
}

/**
 * Two flags shared with the process: [a statement runs, the process ends]. libsql aborts the process when its thread is
 * ended within a call, so an exit waits for the first, and nothing begins after the second.
 * @type {{ file: string, flags: Int32Array }}
 */
const { file, flags } = workerData

/** Answers request `id` with what `work` gives. @param {number} id @param {() => ReturnType<typeof run>} work */
function answer(id, work) {
  Atomics.store(flags, 0, 1)
  try {
    if (Atomics.load(flags, 1) === 0) parentPort?.postMessage([id, work()])
  } catch (error) {
    parentPort?.postMessage([id, undefined, plain(error)])
  } finally {
    Atomics.store(flags, 0, 0)
    Atomics.notify(flags, 0)
  }
}

/** @type {Database} */
let database
/** @type {string} */
let engine
parentPort?.on('message', ([id, sql, parameters]) => {
  answer(id, () => {
    if (sql !== undefined) return run(sql, parameters)
    statements.clear()
    database.close()
    return [[]]
  })
  // Nothing can be asked any more, so the thread ends by itself.
  if (sql === undefined) parentPort?.close()
})
answer(0, () => {
  const opened = open(file)
  database = opened.database
  engine = opened.engine
  return [[{ engine: opened.engine }]]
})
