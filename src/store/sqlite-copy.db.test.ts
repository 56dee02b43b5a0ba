import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PushRow } from './push-log.js'
import { settleCopy, type DatabaseFile } from './sqlite-copy.js'
import { openStore, type Store } from './store.js'

let directory: string
let store: Store
let file: DatabaseFile
let written: number

beforeEach(async () => {
  written = 0
  directory = mkdtempSync(join(tmpdir(), 'kefu-copy-'))
  store = await openStore(`file:${join(directory, 'kefu.db')}`)
  await store.migrate()
  if (!store.file) throw new Error('SQLite has a file')
  file = store.file
})
afterEach(async () => {
  await store.close()
  rmSync(directory, { recursive: true })
})

const row = (n: number): PushRow => ({
  dedupeKey: `k${n}`,
  appId: 'wx1',
  openId: 'o1',
  format: 'json',
  plaintext: 'x'.repeat(10_000),
  receivedAt: 1,
})
/** More than SQLite keeps in the WAL by itself. */
async function writeMuch(): Promise<void> {
  for (let batch = 0; batch < 10; batch++)
    await Promise.all(Array.from({ length: 60 }, () => store.pushes.append(row(written++))))
}
// In another process: closing the file in this one would drop SQLite's lock on it.
const copy = (from: string, to: string): unknown => execFileSync('cp', [from, to])
const hashOf = (path: string): string => execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64)

async function openCopy(path: string): Promise<{ pushes: number; last: string | undefined }> {
  const opened = await openStore(`file:${path}`)
  try {
    const rows = await opened.db.selectFrom('push').select('dedupe_key').orderBy('id').execute()
    return { pushes: rows.length, last: rows.at(-1)?.dedupe_key }
  } finally {
    await opened.close()
  }
}

describe('a held SQLite file', () => {
  it('stays the same however much is written, and changes again afterwards', async () => {
    await writeMuch()
    const release = await file.hold()
    const before = hashOf(file.path)
    await writeMuch()
    expect(hashOf(file.path)).toBe(before)
    await release()
    await writeMuch()
    expect(hashOf(file.path)).not.toBe(before)
  })

  it('and its WAL, copied one after the other under load, are the whole database', async () => {
    await writeMuch()
    const release = await file.hold()
    const target = join(directory, 'copy.db')
    const first = written
    await writeMuch()
    copy(file.path, target)
    await writeMuch()
    copy(`${file.path}-wal`, `${target}-wal`)
    const second = written
    await writeMuch()
    await release()
    await settleCopy(target)
    expect(existsSync(`${target}-wal`)).toBe(false)
    const found = await openCopy(target)
    expect(first).toBeLessThan(second)
    expect(found).toEqual({ pushes: second, last: `0:k${second - 1}` })
  })

  it('is held until the last of two who hold it lets go', async () => {
    const [one, two] = [await file.hold(), await file.hold()]
    const before = hashOf(file.path)
    await one()
    await one()
    await writeMuch()
    expect(hashOf(file.path)).toBe(before)
    await two()
    await writeMuch()
    expect(hashOf(file.path)).not.toBe(before)
  })
})

describe('a SQLite file', () => {
  it('is written into a compact copy', async () => {
    await writeMuch()
    const target = join(directory, 'compact.db')
    await file.compactInto(target)
    expect(await openCopy(target)).toEqual({ pushes: written, last: `0:k${written - 1}` })
  })

  it('that is cut short is known as damaged', async () => {
    await writeMuch()
    const target = join(directory, 'compact.db')
    await file.compactInto(target)
    execFileSync('truncate', ['-s', '100000', target])
    await expect(settleCopy(target)).rejects.toThrow(/damaged|malformed|not a database/)
  })
})

describe('a database', () => {
  it('names the migrations that it needs', async () => {
    const empty = await openStore(`file:${join(directory, 'empty.db')}`)
    try {
      const pending = await empty.pendingMigrations()
      expect(pending.length).toBeGreaterThan(0)
      expect(await empty.migrate()).toEqual(pending)
      expect(await empty.pendingMigrations()).toEqual([])
    } finally {
      await empty.close()
    }
  })
})

describe('a scrubbed SQLite file', () => {
  const holds = (word: string): boolean => {
    try {
      execFileSync('grep', ['-rqaF', word, directory])
      return true
    } catch {
      return false
    }
  }
  const secret = (n: number): PushRow => ({ ...row(n), plaintext: `PLANTED ${'y'.repeat((n * 37) % 900)}` })

  it('holds nothing of what was deleted, and all the rest', async () => {
    for (let n = 0; n < 600; n++) await store.pushes.append(n % 3 === 0 ? secret(n) : row(n))
    await store.db.updateTable('push').set({ state: 'handled', answer: 'success' }).execute()
    await store.db.deleteFrom('push').where('plaintext', 'like', 'PLANTED%').execute()
    expect(await file.scrub(1e9)).toBe(true)
    expect(holds('PLANTED')).toBe(false)
    const { n } = await store.db
      .selectFrom('push')
      .select((eb) => eb.fn.countAll().as('n'))
      .executeTakeFirstOrThrow()
    expect(n).toBe(400)
    await store.pushes.append(secret(1000))
    expect(holds('PLANTED')).toBe(true)
  })

  it('holds nothing of it in the search index either', async () => {
    const { db } = store
    const index = async (id: number, pieces: string): Promise<unknown> =>
      sql`insert into message_index (rowid, pieces) values (${id}, ${pieces})`.execute(db)
    for (let n = 1; n < 50; n++)
      await index(n, n === 7 ? 'a b 𪛖' : `a b ${String.fromCodePoint(0x4e00 + n)}`)
    await sql`delete from message_index where rowid = 7`.execute(db)
    await file.scrub(1000)
    expect(holds('𪛖')).toBe(true)
    expect(await file.scrub(1e9)).toBe(true)
    expect(holds('𪛖')).toBe(false)
    const { rows } = await sql`select rowid from message_index where message_index match 'a'`.execute(db)
    expect(rows).toHaveLength(48)
  })

  it('is left as it is where that would take too long, but for what waits beside it', async () => {
    await store.pushes.append(secret(1))
    await store.db.deleteFrom('push').execute()
    expect(await file.scrub(1000)).toBe(false)
    expect(holds('PLANTED')).toBe(false)
  })

  it('waits until a copy is made', async () => {
    const release = await file.hold()
    await store.pushes.append(secret(1))
    const before = hashOf(file.path)
    let done = false
    const scrubbed = file.scrub(1e9).then(() => (done = true))
    await store.pushes.append(row(2))
    expect([done, hashOf(file.path)]).toEqual([false, before])
    await release()
    await scrubbed
    expect(hashOf(file.path)).not.toBe(before)
    await release()
  })
})
