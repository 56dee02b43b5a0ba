import type { Kysely } from 'kysely'
import type { Schema } from './schema.js'
import { openRaw, type Sqlite } from './sqlite.js'

/** What only a database in one file can do: be copied, also while it is in use. */
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
  const alone = (work: () => void): Promise<void> => db.connection().execute(async () => work())
  let holds = 0
  let onReleased: (() => void)[] = []
  return {
    path,
    async hold() {
      holds++
      await alone(() => {
        sqlite.exec('pragma wal_autocheckpoint = 0')
        // A WAL that is wholly in the file is begun anew by the next commit: that must not happen under a copy.
        sqlite.exec("begin immediate; update sequence set value = value where name = 'workspace'; commit")
      })
      let held = true
      return async () => {
        if (!held) return
        held = false
        if (--holds > 0) return
        for (const resolve of onReleased) resolve()
        onReleased = []
        await alone(() => {
          sqlite.exec(`pragma wal_autocheckpoint = ${AUTOCHECKPOINT}`)
        })
      }
    },
    async scrub(mostBytes) {
      while (holds > 0) await new Promise<void>((resolve) => onReleased.push(resolve))
      let whole = false
      await alone(() => {
        const [size] = sqlite
          .prepare('select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()')
          .all([]) as { bytes: number }[]
        whole = (size?.bytes ?? Infinity) <= mostBytes
        if (whole) {
          forgetPieces(sqlite)
          sqlite.exec('vacuum')
        }
        sqlite.exec('pragma wal_checkpoint(truncate)')
      })
      return whole
    },
    compactInto: (copy) =>
      alone(() => {
        sqlite.prepare('vacuum into ?').run([copy])
      }),
  }
}

/** The search index forgets pieces of deleted texts only when it merges what holds them. */
function forgetPieces(sqlite: Sqlite): void {
  if (sqlite.prepare("select 1 from sqlite_master where name = 'message_index'").all([]).length > 0)
    sqlite.exec("insert into message_index (message_index) values ('optimize')")
}

/** Makes one file of a copied database and its `-wal`. Throws when they are not a whole database. */
export function settleCopy(path: string): void {
  const { raw } = openRaw(path)
  try {
    raw.exec('pragma locking_mode = exclusive')
    raw.exec('pragma journal_mode = delete')
    const [row] = raw.prepare('pragma integrity_check(1)').all() as { integrity_check?: string }[]
    if (row?.integrity_check !== 'ok') throw new Error('the copy is damaged')
  } finally {
    // The lock is given back now, whenever the driver lets go of the file.
    raw.exec('pragma locking_mode = normal')
    raw.exec('select 1 from sqlite_master limit 1')
    raw.close()
  }
}
