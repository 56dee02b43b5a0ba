import { randomUUID } from 'node:crypto'
import { sql, type Kysely } from 'kysely'
import { ConfigError } from '../../errors.js'
import { DATABASE_ID, type DatabaseId } from '../database-id.js'
import type { Schema } from '../schema.js'
import { holdSetting, readSetting, writeSetting } from '../setting.js'
import type { Store } from '../store.js'
import { movedTables, rowTables, seededTables, type Table } from './moved-tables.js'
import type { Key } from './table-rows.js'

/** The setting in the target that tells how far a move is. */
const MOVE = 'move'

/** How far one table is. */
export interface TableState {
  /** Rows that are in the target. */
  readonly rows: number
  /** The key of the last one. */
  readonly last: Key
  readonly isDone: boolean
}

/** How far a move is, as the target knows. */
export interface MoveState {
  /** The source's name, and a word that changes with whatever runs on it. */
  readonly sourceId: string
  readonly source: string
  /** By tables; `media_bytes` by the numbers of its pictures. */
  readonly tables: Readonly<Partial<Record<Table, TableState>>>
  /** Values that PostgreSQL can't keep as they were, and pictures whose file was gone. */
  readonly replaced: number
  readonly missing: number
  /** `spoiled` after a check that failed: the next run begins anew. */
  readonly stage: 'copying' | 'spoiled' | 'done'
}

export async function readMove(db: Kysely<Schema>): Promise<MoveState | undefined> {
  const value = await readSetting(db, MOVE)
  return value === undefined ? undefined : (JSON.parse(value) as MoveState)
}

export function writeMove(db: Kysely<Schema>, state: MoveState): Promise<void> {
  return writeSetting(db, MOVE, JSON.stringify(state))
}

/** Throws ConfigError where a move into this database was begun and not finished: half of it may be missing. */
export async function refuseHalfMoved({ db, dialect }: Pick<Store, 'db' | 'dialect'>): Promise<void> {
  if (dialect === 'sqlite') return
  const state = await readMove(db)
  if (state === undefined || state.stage === 'done') return
  throw new ConfigError(
    '这个数据库的迁移还没有完成：请再次运行 kefu move，它会接着做完。 ' +
      'A move into this database is not finished: run kefu move again, which goes on where it was cut off.',
  )
}

/** Returns the tables that have rows which no migration put there. */
export async function tablesInUse(db: Kysely<Schema>): Promise<string[]> {
  const used: string[] = []
  for (const name of Object.keys(movedTables) as Table[]) {
    if (seededTables.includes(name)) continue
    const { rows } = await sql`select 1 from ${sql.table(name)} limit 1`.execute(db)
    if (rows.length > 0) used.push(name)
  }
  const { value } = await db
    .selectFrom('sequence')
    .select('value')
    .where('name', '=', 'workspace')
    .executeTakeFirstOrThrow()
  return value > 0 ? [...used, 'sequence'] : used
}

/** Empties the target and notes that a move into it begins. */
export async function beginMove(db: Kysely<Schema>, state: MoveState): Promise<void> {
  await db.transaction().execute(async (tx) => {
    // The audit log lets nobody take a row away; of a move that is begun anew it is a copy.
    await sql`alter table audit disable trigger user`.execute(tx)
    const tables = sql.join([...rowTables, 'media_bytes'].map((name) => sql.table(name)))
    await sql`truncate ${tables} restart identity cascade`.execute(tx)
    await sql`alter table audit enable trigger user`.execute(tx)
    await writeMove(tx, state)
  })
}

/** The source's name; one that has none is given one, to be known by at the next run. */
export async function nameSource(db: Kysely<Schema>): Promise<string> {
  const name: DatabaseId = { id: randomUUID(), witness: randomUUID() }
  const held = await db.transaction().execute((tx) => holdSetting(tx, DATABASE_ID, JSON.stringify(name)))
  return (JSON.parse(held) as DatabaseId).id
}

/** Where a source stands: another word after whatever was done on it. */
export async function sourceWord(db: Kysely<Schema>): Promise<string> {
  const { rows: migrations } = await sql<{ name: string }>`
    select name from kysely_migration order by name desc limit 1`.execute(db)
  const { rows: sequences } = await sql<{ value: number }>`
    select value from sequence where name = 'workspace'`.execute(db)
  const key = await readSetting(db, 'secret_key')
  const named = await readSetting(db, DATABASE_ID)
  return JSON.stringify([named, key, sequences[0]?.value, migrations[0]?.name])
}

/** In the source once it was moved: what happens in it from then on is not in the other database. */
const MOVED = 'moved'

export interface MovedAway {
  /** The name that went with it. */
  readonly id: string
  /** Milliseconds since 1970. */
  readonly at: number
}

export async function readMovedAway(db: Kysely<Schema>): Promise<MovedAway | undefined> {
  const value = await readSetting(db, MOVED)
  return value === undefined ? undefined : (JSON.parse(value) as MovedAway)
}

/** Notes in the source that it was moved. Its name goes to the target: two databases never have one name. */
export async function leaveSource(db: Kysely<Schema>, moved: MovedAway): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await writeSetting(tx, MOVED, JSON.stringify(moved))
    await tx.deleteFrom('setting').where('key', '=', DATABASE_ID).execute()
  })
}
