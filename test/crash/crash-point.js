/**
 * Preloaded into a kefu process and its threads (`NODE_OPTIONS=--import …`) by the crash suite: ends it with SIGKILL at an exact moment of its
 * work, without a line for that in the service. The moment is CRASH_POINT, as JSON:
 * `{ "when": "before" | "after", "commit": NAME, "nth": 1 }`, a NAME of `transactions` below; `{ "checkpoints": true }`
 * moves SQLite's WAL into the file at each commit instead.
 */
import { createRequire } from 'node:module'
import { isMainThread } from 'node:worker_threads'

const require = createRequire(import.meta.url)
const { CRASH_POINT } = process.env
const point = CRASH_POINT ? JSON.parse(CRASH_POINT) : {}

/** How a transaction is known, by its statements and their parameters. */
const transactions = {
  push: [/insert into "?push"?/i],
  handling: [/update "?push"? set/i, /handled/],
  reply: [/insert into "?message"?/i, /"push:\d+/, /^(?![^]*handled)/],
  leave: [/update "?message"? set/i, /"sending"/, /^(?![^]*interrupted)/],
  outcome: [/update "?message"? set/i, /"accepted"/],
  adopt: [/update "?message"? set/i, /interrupted/],
  schema: [/create table "?message"?/i],
  renewal: [/update "?shard"? set "?lease_until"?/i],
  token: [/insert into "?access_token"?/i, /do update set "?sealed_token"?/i],
  take: [/update "?conversation"? set/i, /"assigned",\d/],
  person: [/insert into "?message"?/i, /client:/],
}
const patterns = point.commit ? transactions[point.commit] : undefined
if (point.commit && !patterns) throw new Error(`no transaction is called ${point.commit}`)
let left = point.nth ?? 1

function die() {
  process.kill(process.pid, 'SIGKILL')
  // Nothing more is done until the signal has come.
  for (;;);
}

/** Follows one connection: to be told of each statement around its execution. */
function watcher() {
  let seen
  const isPoint = (text) => patterns.every((pattern) => pattern.test(text))
  return {
    before(sql, parameters) {
      // A transaction in one string is nobody's work.
      if (/^\s*begin\b.*\bcommit\b/i.test(sql)) return false
      if (/^\s*begin\b/i.test(sql)) seen = ''
      else if (/^\s*commit\b/i.test(sql) || seen === undefined) {
        const text = seen ?? textOf(sql, parameters)
        if (isPoint(text) && --left === 0) {
          if (point.when === 'before') die()
          return true
        }
      } else seen += textOf(sql, parameters)
      return false
    },
    after(sql, reached) {
      if (reached) die()
      if (/^\s*(commit|rollback)\b/i.test(sql)) seen = undefined
    },
  }
}

function textOf(sql, parameters) {
  return `${sql} ${JSON.stringify(parameters)?.replaceAll('\\', '')};`
}

function watchSqlite(Database) {
  const { exec, prepare } = Database.prototype
  const watch = watcher()
  const around = (sql, parameters, work) => {
    const reached = watch.before(sql, parameters)
    const result = work()
    watch.after(sql, reached)
    return result
  }
  Database.prototype.exec = function (sql) {
    return around(sql, [], () => exec.call(this, sql))
  }
  Database.prototype.prepare = function (sql) {
    const statement = prepare.call(this, sql)
    return new Proxy(statement, {
      get(target, name) {
        const value = target[name]
        if (typeof value !== 'function') return value
        if (name !== 'run' && name !== 'all') return value.bind(target)
        return (...parameters) => around(sql, parameters, () => value.apply(target, parameters))
      },
    })
  }
}

function watchPostgres(Client) {
  const { query } = Client.prototype
  const watchers = new WeakMap()
  Client.prototype.query = function (first, ...rest) {
    const watch = watchers.get(this) ?? watcher()
    watchers.set(this, watch)
    const sql = typeof first === 'string' ? first : (first?.text ?? '')
    const parameters = first?.values ?? rest.find(Array.isArray) ?? []
    const reached = watch.before(sql, parameters)
    const callback = rest.findIndex((each) => typeof each === 'function')
    if (callback >= 0) {
      const call = rest[callback]
      rest[callback] = (...outcome) => {
        watch.after(sql, reached)
        call(...outcome)
      }
      return query.call(this, first, ...rest)
    }
    const result = query.call(this, first, ...rest)
    result?.then?.(
      () => watch.after(sql, reached),
      () => watch.after(sql, false),
    )
    return result
  }
}

/** The SQLite drivers that this runtime may have; the service takes the first. */
function sqliteDrivers() {
  const drivers = [require('libsql')]
  try {
    drivers.unshift(require('node:sqlite').DatabaseSync)
  } catch {
    // an older runtime
  }
  return drivers
}

if (patterns) {
  for (const driver of sqliteDrivers()) watchSqlite(driver)
  watchPostgres(require('pg').Client)
}
if (point.checkpoints)
  for (const { prototype } of sqliteDrivers()) {
    const { exec } = prototype
    prototype.exec = function (sql) {
      const result = exec.call(this, sql)
      if (/synchronous/i.test(sql)) exec.call(this, 'pragma wal_autocheckpoint = 1')
      return result
    }
  }

// Whoever started this process holds its stdin: with them it ends, however they end. (SQLite's thread has another.)
if (isMainThread) {
  process.stdin.on('close', () => process.kill(process.pid, 'SIGKILL'))
  process.stdin.resume()
  process.stdin.unref()
}
