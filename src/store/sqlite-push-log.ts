import type { Kysely } from 'kysely'
import { Batcher, type Outcome } from './batch.js'
import { isDatabaseFault } from './database-fault.js'
import type { Appended, PushLog, PushRow } from './push-log.js'
import { shardOf } from './shard.js'
import type { Schema } from './schema.js'
import type { Sqlite } from './sqlite.js'

const insertWith = (answer: string): string =>
  `insert into push (dedupe_key, app_id, open_id, shard, format, plaintext, received_at, answer)
  values (?, ?, ?, ?, ?, ?, ?, ${answer}) on conflict (dedupe_key) do nothing`
const INSERT = insertWith('null')
const INSERT_ANSWERED = insertWith("'success'")
const FIND = 'select id from push where dedupe_key = ?'

/** SQLite: one transaction, so one sync to disk, for all pushes of a batch; a row that is refused fails alone. */
export class SqlitePushLog implements PushLog {
  readonly #batches: Batcher<PushRow, Appended>

  constructor(db: Kysely<Schema>, sqlite: Sqlite) {
    this.#batches = new Batcher((rows) =>
      // By kysely's connection, so that the transaction never starts inside another one.
      db.connection().execute(async () => write(sqlite, rows)),
    )
  }

  append(row: PushRow): Promise<Appended> {
    return this.#batches.add(row)
  }
}

/** Synchronous from begin to commit: nothing else can come between. */
function write(sqlite: Sqlite, rows: readonly PushRow[]): Outcome<Appended>[] {
  const insert = sqlite.prepare(INSERT)
  const insertAnswered = sqlite.prepare(INSERT_ANSWERED)
  const find = sqlite.prepare(FIND)
  sqlite.exec('begin immediate')
  try {
    const outcomes = rows.map((row): Outcome<Appended> => {
      try {
        const { dedupeKey, appId, openId, format, plaintext, receivedAt, answered } = row
        const shard = shardOf(appId, openId)
        const { changes, lastInsertRowid } = (answered ? insertAnswered : insert).run([
          dedupeKey,
          appId,
          openId,
          shard,
          format,
          plaintext,
          receivedAt,
        ])
        if (Number(changes) === 1) return { result: { id: Number(lastInsertRowid), inserted: true } }
        const [found] = find.all([dedupeKey]) as { id: number }[]
        if (!found) throw new Error('The push was neither inserted nor found.')
        return { result: { id: found.id, inserted: false } }
      } catch (error) {
        // A full disk has ended the transaction already: what came after it would be outside of any.
        if (isDatabaseFault(error)) throw error
        return { error }
      }
    })
    sqlite.exec('commit')
    return outcomes
  } catch (error) {
    try {
      sqlite.exec('rollback')
    } catch {
      // SQLite rolled back by itself
    }
    throw error
  }
}
