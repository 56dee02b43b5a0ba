import type { Kysely } from 'kysely'
import { DATABASE_ID } from './database-id.js'
import { makePrivate } from './private-file.js'
import type { Schema } from './schema.js'
import { openRaw, readSqlite, type Sqlite } from './sqlite.js'

/** Copies a database in one file, also while it is in use. */
export interface DatabaseFile {
  readonly path: string
  /**
   * Leaves the file itself unchanged until the function that it gives is called: what is committed meanwhile goes
   * to the file's `-wal` alone. Then another process may copy first the file and then its `-wal`: together they
   * are the database as it was at some moment, and settleCopy makes one file of them. (This process must not open
   * the file itself: closing it would drop SQLite's lock.)
   */
  hold(): Promise<() => Promise<void>>
  /** Writes a compact copy; nothing else can be done meanwhile. */
  compactInto(path: string): Promise<void>
  /**
   * Leaves no trace of what was deleted: what is deleted is overwritten at once, but now and then a copy stays behind
   * where SQLite moved rows, and in the `-wal`. Nothing else can be done meanwhile, so a file of more than so many
   * bytes has only its `-wal` emptied: false then. Waits while a copy is made.
   */
  scrub(mostBytes: number): Promise<boolean>
}

/** The pages after which SQLite moves the WAL into the file by itself: SQLite's own default. */
const AUTOCHECKPOINT = 1000

export function databaseFile(path: string, db: Kysely<Schema>, sqlite: Sqlite): DatabaseFile {
  // By kysely's connection, so that nothing comes between the statements of a transaction.
  const alone = <T>(work: () => Promise<T>): Promise<T> => db.connection().execute(work)
  let holds = 0
  let onReleased: (() => void)[] = []
  return {
    path,
    async hold() {
      holds++
      await alone(async () => {
        await sqlite.exec('pragma wal_autocheckpoint = 0')
        // A WAL that is wholly in the file is begun anew by the next commit: that must not happen under a copy.
        await sqlite.exec(
          "begin immediate; update sequence set value = value where name = 'workspace'; commit",
        )
      })
      let held = true
      return async () => {
        if (!held) return
        held = false
        if (--holds > 0) return
        for (const resolve of onReleased) resolve()
        onReleased = []
        await alone(() => sqlite.exec(`pragma wal_autocheckpoint = ${AUTOCHECKPOINT}`))
      }
    },
    async scrub(mostBytes) {
      while (holds > 0) await new Promise<void>((resolve) => onReleased.push(resolve))
      return alone(async () => {
        const [size] = await readSqlite<{ bytes: number }>(
          sqlite,
          'select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()',
        )
        const whole = (size?.bytes ?? Infinity) <= mostBytes
        if (whole) {
          await forgetPieces(sqlite)
          await sqlite.exec('vacuum')
        }
        await sqlite.exec('pragma wal_checkpoint(truncate)')
        return whole
      })
    },
    compactInto: (copy) =>
      alone(async () => {
        // SQLite fills an empty file, and would make one that others can read.
        makePrivate(copy)
        await sqlite.run('vacuum into ?', [copy])
      }),
  }
}

/** The search index forgets pieces of deleted texts only when it merges what holds them. */
async function forgetPieces(sqlite: Sqlite): Promise<void> {
  const indexes = await readSqlite(sqlite, "select 1 from sqlite_master where name = 'message_index'")
  if (indexes.length > 0) await sqlite.exec("insert into message_index (message_index) values ('optimize')")
}

/**
 * Makes one file of a copied database and its `-wal`, without the database's name: what is restored from it is another
 * database. Throws when they are not a whole database.
 */
export async function settleCopy(path: string): Promise<void> {
  const sqlite = await openRaw(path)
  try {
    await sqlite.exec('pragma locking_mode = exclusive; pragma journal_mode = delete')
    const [row] = await readSqlite<{ integrity_check?: string }>(sqlite, 'pragma integrity_check(1)')
    if (row?.integrity_check !== 'ok') throw new Error('the copy is damaged')
    const settings = await readSqlite(sqlite, "select 1 from sqlite_master where name = 'setting'")
    if (settings.length > 0) await sqlite.run('delete from setting where key = ?', [DATABASE_ID])
  } finally {
    // The lock is given back now, whenever the driver lets go of the file.
    await sqlite.exec('pragma locking_mode = normal; select 1 from sqlite_master limit 1')
    await sqlite.close()
  }
}
