import { sql } from 'kysely'
import type { Dialect } from './dialect.js'
import type { Tx } from './store.js'

/**
 * Milliseconds since 1970 by the one clock that all processes of a database share. SQLite has one process, whose clock
 * is `processNow`.
 */
export async function databaseNow(tx: Tx, dialect: Dialect, processNow: number): Promise<number> {
  if (dialect === 'sqlite') return processNow
  const { rows } = await sql<{
    now: number
  }>`select (extract(epoch from clock_timestamp()) * 1000)::bigint as now`.execute(tx)
  return rows[0]?.now ?? processNow
}
