/** SQLite's primary result codes by which the file as a whole can't be used: busy, locked, no memory, read-only, … */
const sqliteNames =
  /^SQLITE_(BUSY|LOCKED|NOMEM|READONLY|INTERRUPT|IOERR|CORRUPT|FULL|CANTOPEN|PROTOCOL|NOTADB)(_|$)/
/** The same as numbers, as node:sqlite gives them (https://www.sqlite.org/rescode.html). */
const sqliteNumbers: ReadonlySet<number> = new Set([5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 26])
/**
 * PostgreSQL's classes for: connection, read-only after a failover, rolled back by others' work, out of resources,
 * stopped by an operator, the system's own failures (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
const postgresClasses = /^(08|25006|40|53|55|57|58)/
const network = /^(E[A-Z_]+|UND_ERR_\w+)$/
/** Messages of pg that have no code. */
const postgresWords = /connection|timeout exceeded|pool after calling end/i

/**
 * Whether the database as a whole failed (away, full, locked, out of something), so that the same work may succeed
 * later. What is not its fault is the work's own: it would fail again.
 */
export function isDatabaseFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, errcode } = error as Error & { code?: unknown; errcode?: unknown }
  if (code === 'ERR_SQLITE_ERROR') return typeof errcode === 'number' && sqliteNumbers.has(errcode & 0xff)
  if (typeof code === 'string') {
    if (code.startsWith('SQLITE_')) return sqliteNames.test(code)
    if ('severity' in error) return postgresClasses.test(code)
    return !code.startsWith('ERR_') && network.test(code)
  }
  return error.constructor === Error && postgresWords.test(error.message)
}
