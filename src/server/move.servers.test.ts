import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { oneRowEach } from '../../test/support/one-row-each.js'
import { png } from '../../test/support/pictures.js'
import { makeStore, type TestStore } from '../../test/stores.js'
import { openStore, readDatabaseId, type Store } from '../store/index.js'
import { refuseHalfMoved } from '../store/moving/index.js'
import { moveDatabase, type Moved, type MoveProgress } from './move.js'

let dataDir: string
let sourceDatabase: TestStore
let targetDatabase: TestStore
let source: Store
let target: Store
let anew: string[]
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'kefu-move-'))
  mkdirSync(join(dataDir, 'media'))
  sourceDatabase = await makeStore('sqlite')
  targetDatabase = await makeStore('postgres')
  source = sourceDatabase.store
  target = targetDatabase.store
  anew = []
})
afterEach(async () => {
  await sourceDatabase.remove()
  await targetDatabase.remove()
  rmSync(dataDir, { recursive: true })
})

const move = (onProgress: (progress: MoveProgress) => void = () => undefined): Promise<Moved> =>
  moveDatabase({
    source,
    target,
    dataDir,
    now: () => 5,
    onProgress,
    onAnew: (why) => {
      anew.push(why)
    },
  })

/** A run that ends at the first progress of a step, as by `kill -9` behind a commit. */
async function cutOffAt(step: MoveProgress['step'], table?: string): Promise<void> {
  const run = move((progress) => {
    if (progress.step === step && (table === undefined || progress.table === table))
      throw new Error('cut off')
  })
  await expect(run).rejects.toThrow('cut off')
}

async function rowsOf({ db }: Store, table: string): Promise<unknown[]> {
  const { rows } = await sql`select * from ${sql.table(table)}`.execute(db)
  return rows
}

async function addMessages(count: number, bytes = 10): Promise<void> {
  await sql`insert into message (id, conversation_id, direction, author, msg_type, content, epoch, created_at)
    with recursive n(i) as (select 100 union all select i + 1 from n where i < ${99 + count})
    select i, 1, 'incoming', 'contact', 'text',
      '{"msgType":"text","content":"第' || i || '条' || ${'好'.repeat(bytes)} || '"}', 0, i from n`.execute(
    source.db,
  )
}

function addPicture(name: string): void {
  writeFileSync(join(dataDir, 'media', name), png())
}

describe('kefu move', () => {
  it('moves every table as it is', async () => {
    const tables = await oneRowEach(source)
    const before = new Map<string, unknown[]>()
    for (const table of tables) before.set(table, await rowsOf(source, table))
    expect(await move()).toMatchObject({ before: false, replaced: 0, missing: 0 })
    for (const table of tables.filter((name) => name !== 'setting'))
      expect([table, await rowsOf(target, table)]).toEqual([table, before.get(table)])
    expect(await rowsOf(target, 'setting')).toEqual(expect.arrayContaining(before.get('setting') ?? []))
  })

  it('knows every table that there is', async () => {
    const { rows } = await sql<{ name: string }>`select name from sqlite_master where type = 'table'
      and name not like 'sqlite%' and name not like 'kysely%' and name not like 'message_index%'`.execute(
      source.db,
    )
    const tables = await oneRowEach(source)
    const others = ['process', 'media_bytes']
    expect(rows.map(({ name }) => name).sort()).toEqual([...tables, ...others].sort())
  })

  it('gives no number again, also of rows that were deleted since', async () => {
    await oneRowEach(source)
    await sql`insert into contact (id, app_id, open_id, created_at, seen_at) values (41, 'a', 'b', 1, 1)`.execute(
      source.db,
    )
    await sql`delete from contact where id = 41`.execute(source.db)
    await move()
    const { id } = await target.db
      .insertInto('contact')
      .values({ app_id: 'wx', open_id: 'o', created_at: 1, seen_at: 1 })
      .returning('id')
      .executeTakeFirstOrThrow()
    expect(id).toBe(42)
  })

  it('goes on wherever it is cut off, and doubles nothing', async () => {
    await oneRowEach(source)
    await addMessages(1500)
    for (let i = 0; i < 3; i++) {
      const name = String(i).repeat(32)
      addPicture(name)
      await sql`insert into media (app_id, media_id, state, file, created_at)
        values ('wx', ${name}, 'stored', ${name}, 1)`.execute(source.db)
    }
    let [runs, seen] = [0, 0]
    for (let finished = false; !finished; runs++) {
      // Each run gets some steps further than the one before.
      let steps = 0
      const run = move(() => {
        seen++
        if (++steps > 3 + runs) throw new Error('cut off')
      })
      finished = await run.then(
        () => true,
        (error: unknown) => {
          expect(String(error)).toContain('cut off')
          return false
        },
      )
    }
    expect(runs).toBeGreaterThan(5)
    expect(seen).toBeGreaterThan(runs)
    expect(anew).toEqual([])
    expect(await rowsOf(target, 'message')).toHaveLength(1501)
    expect(await rowsOf(target, 'message_index')).toHaveLength(1501)
    expect(await rowsOf(target, 'media_bytes')).toMatchObject([
      { bytes: png() },
      { bytes: png() },
      { bytes: png() },
    ])
  })

  it('is no database to start on until it is finished', async () => {
    await oneRowEach(source)
    await cutOffAt('copy', 'message')
    await expect(refuseHalfMoved(target)).rejects.toThrow('run kefu move again')
    await move()
    await expect(refuseHalfMoved(target)).resolves.toBeUndefined()
  })

  it('fails its check when a row was altered, names the table, and begins anew then', async () => {
    await oneRowEach(source)
    await cutOffAt('check')
    await sql`update canned_reply set content = '别的内容'`.execute(target.db)
    await expect(move()).rejects.toThrow('canned_reply has 1 rows in the source and 1 in the target')
    await expect(refuseHalfMoved(target)).rejects.toThrow('not finished')
    expect(await move()).toMatchObject({ before: false })
    expect(anew).toEqual(['spoiled'])
    expect(await rowsOf(target, 'canned_reply')).toEqual(await rowsOf(source, 'canned_reply'))
  })

  it.each([
    ['a row is missing', sql`delete from contact_tag`, 'contact_tag has 1 rows in the source and 0'],
    ['a picture is another', sql`update media_bytes set bytes = 'x'`, 'media_bytes has 1 rows'],
  ])('fails its check when %s', async (_, spoil, words) => {
    await oneRowEach(source)
    addPicture('a'.repeat(32))
    await sql`update media set file = ${'a'.repeat(32)}`.execute(source.db)
    await cutOffAt('check')
    await spoil.execute(target.db)
    await expect(move()).rejects.toThrow(words)
  })

  it('begins anew when the source was used since it was cut off', async () => {
    await oneRowEach(source)
    await cutOffAt('copy', 'message')
    await sql`update sequence set value = value + 1`.execute(source.db)
    await addMessages(3)
    await move()
    expect(anew).toEqual(['changed'])
    expect(await rowsOf(target, 'message')).toHaveLength(4)
  })

  it('takes no target that has anything in it, and writes nothing there', async () => {
    await oneRowEach(source)
    await sql`insert into setting (key, value) values ('database_id', '{"id":"other","witness":null}')`.execute(
      target.db,
    )
    await expect(move()).rejects.toThrow('The target is not empty (setting)')
    expect(await rowsOf(target, 'contact')).toEqual([])
  })

  it('takes no target that another database was moved to', async () => {
    await oneRowEach(source)
    await move()
    const other = await makeStore('sqlite')
    try {
      await oneRowEach(other.store)
      const run = moveDatabase({
        source: other.store,
        target,
        dataDir,
        now: Date.now,
        onProgress: () => undefined,
        onAnew: () => undefined,
      })
      await expect(run).rejects.toThrow('The target is not empty')
    } finally {
      await other.remove()
    }
  })

  it('takes the database’s name along, so that no two have it, and is done once', async () => {
    await oneRowEach(source)
    await sql`insert into setting (key, value) values ('database_id', '{"id":"this","witness":"w"}')`.execute(
      source.db,
    )
    await move()
    expect(await readDatabaseId(target)).toEqual({ id: 'this', witness: null })
    expect(await readDatabaseId(source)).toBeUndefined()
    expect(await move()).toMatchObject({ before: true })
    // A service that ran on the old file has made another database of it.
    await sql`insert into setting (key, value) values ('database_id', '{"id":"next","witness":"w"}')`.execute(
      source.db,
    )
    await expect(move()).rejects.toThrow('The target is not empty')
  })

  it('says how many values PostgreSQL can’t keep, and which pictures are gone', async () => {
    await oneRowEach(source)
    await sql`update agent set name = 'a' || char(0) || 'b'`.execute(source.db)
    await sql`update media set file = ${'e'.repeat(32)}`.execute(source.db)
    // One of SQLite's drivers reads a text up to its first NUL only.
    const [agent] = (await rowsOf(source, 'agent')) as { name: string }[]
    const replaced = agent?.name === 'a\0b' ? 1 : 0
    expect(await move()).toMatchObject({ replaced, missing: 1, pictures: 0 })
    expect(await rowsOf(target, 'agent')).toMatchObject([{ name: replaced === 1 ? 'a\uFFFDb' : 'a' }])
  })

  it('lets one move at a time into a target', async () => {
    await oneRowEach(source)
    const other = await openStore(targetDatabase.url)
    await sql`select pg_advisory_lock(7203641)`.execute(other.db)
    await expect(move()).rejects.toThrow('Another kefu move is at work')
    await other.close()
    expect(await move()).toMatchObject({ before: false })
  })
})
