import { holdSetting, readSetting, writeSetting } from './setting.js'
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Store } from './store.js'

/** The setting that names a database; a backup has none, so that what is restored from it gets another. */
export const DATABASE_ID = 'database_id'

/** The identity of a database. */
export interface DatabaseId {
  readonly id: string
  /** A fact that only this very database can show; null when whoever wrote it vouches that it is the same one. */
  readonly witness: string | null
}

/** The name of a database as it stands in it; undefined for one that has none. */
export async function readDatabaseId({ db }: Pick<Store, 'db'>): Promise<DatabaseId | undefined> {
  const value = await readSetting(db, DATABASE_ID)
  return value === undefined ? undefined : (JSON.parse(value) as DatabaseId)
}

/**
 * Gives a database its name: the one that it has where `isSame` says that it is still the same database, else a new
 * one. Of several processes that do this at once, the first decides.
 */
export async function claimDatabaseId(
  { db }: Pick<Store, 'db'>,
  witness: string,
  isSame: (found: DatabaseId) => boolean,
): Promise<string> {
  return db.transaction().execute(async (tx) => {
    const held = await holdSetting(tx, DATABASE_ID, JSON.stringify({ id: randomUUID(), witness }))
    const found = JSON.parse(held) as DatabaseId
    const id = isSame(found) ? found.id : randomUUID()
    await writeSetting(tx, DATABASE_ID, JSON.stringify({ id, witness } satisfies DatabaseId))
    return id
  })
}

/**
 * Returns a fact that tells a PostgreSQL database from one that was made of its dump: a restore makes the tables anew, each with
 * another number, in this cluster or another.
 */
export async function postgresWitness({ db }: Pick<Store, 'db'>): Promise<string> {
  const { rows } = await sql<{ table: string }>`select 'setting'::regclass::oid::text as table`.execute(db)
  const cluster = await sql<{ id: string }>`select system_identifier::text as id from pg_control_system()`
    .execute(db)
    .then((result) => result.rows[0]?.id ?? '')
    // A host may keep this to itself.
    .catch(() => '')
  return `${cluster}/${rows[0]?.table ?? ''}`
}
