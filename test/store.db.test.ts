import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { mkdtempSync, rmSync } from 'node:fs'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError } from '../src/errors.js'
import type { PushRow } from '../src/store/push-log.js'
import { shardOf } from '../src/store/shard.js'
import { openStore } from '../src/store/store.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'

const row = (key: string, plaintext = '{"MsgType":"text"}'): PushRow => ({
  dedupeKey: key,
  appId: 'wx1',
  openId: 'o1',
  format: 'json',
  plaintext,
  receivedAt: 1_700_000_000_000,
})

describe.each(await storeKinds())('a store on %s', (kind) => {
  let test: TestStore
  beforeEach(async () => {
    test = await makeStore(kind)
  })
  afterEach(() => test.remove())

  it('says which engine it is', () => {
    expect(test.store.engine).toMatch(kind === 'sqlite' ? /^SQLite 3\./ : /^PostgreSQL \d/)
  })

  it('is migrated once', async () => {
    expect(await test.store.migrate()).toEqual([])
    const again = await test.reopen()
    expect(await again.migrate()).toEqual([])
  })

  it('of a newer kefu is refused, with the migration that is not known here and the way out', async () => {
    const { db } = test.store
    await sql`insert into kysely_migration (name, timestamp) values ('9999-of-tomorrow', '2099-01-01')`.execute(
      db,
    )
    for (const act of [() => test.store.migrate(), () => test.store.pendingMigrations()]) {
      const error = await act().catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(ConfigError)
      expect(String(error)).toContain('The database is of a newer kefu: it has 9999-of-tomorrow')
      expect(String(error)).toContain('restore the backup from before the upgrade')
      expect(String(error)).not.toContain('corrupted')
    }
  })

  it('keeps a push exactly, also over a restart', async () => {
    const plaintext = '{"Content":"你好 👨‍👩‍👧 ]]> < \\u0000 \'; drop table push --"}'
    const { id, inserted } = await test.store.pushes.append(row('a', plaintext))
    expect(inserted).toBe(true)
    const store = await test.reopen()
    const kept = await store.db.selectFrom('push').selectAll().execute()
    expect(kept).toEqual([
      {
        id,
        dedupe_key: '0:a',
        app_id: 'wx1',
        open_id: 'o1',
        format: 'json',
        plaintext,
        state: 'new',
        attempts: 0,
        answer: null,
        shard: shardOf('wx1', 'o1'),
        received_at: 1_700_000_000_000,
        unreadable: null,
      },
    ])
  })

  it('inserts one push once, however often and at once it comes', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, () => test.store.pushes.append(row('same'))))
    expect(results.filter((each) => each.inserted)).toHaveLength(1)
    expect(new Set(results.map((each) => each.id)).size).toBe(1)
    expect(await test.store.pushes.append(row('same'))).toEqual({ id: results[0]?.id, inserted: false })
  })

  it('gives a thousand pushes their own ids, in the order in which they came', async () => {
    const results = await Promise.all(
      Array.from({ length: 1000 }, (_, i) => test.store.pushes.append(row(`k${i}`))),
    )
    const ids = results.map((each) => each.id)
    expect(new Set(ids).size).toBe(1000)
    expect(ids).toEqual([...ids].sort((a, b) => a - b))
  })

  it('lets a row that the database refuses fail alone', async () => {
    const refused = { ...row('bad'), receivedAt: null as unknown as number }
    const outcomes = await Promise.allSettled([
      test.store.pushes.append(row('before')),
      test.store.pushes.append(refused),
      test.store.pushes.append(row('after')),
    ])
    expect(outcomes.map((each) => each.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    const kept = await test.store.db.selectFrom('push').select('dedupe_key').orderBy('id').execute()
    expect(kept.map((each) => each.dedupe_key)).toEqual(['0:before', '0:after'])
  })

  it('rolls back all of a transaction that throws', async () => {
    const { db } = test.store
    const insert = db.transaction().execute(async (tx) => {
      await tx.insertInto('setting').values({ key: 'a', value: '1' }).execute()
      throw new Error('no')
    })
    await expect(insert).rejects.toThrow('no')
    expect(await db.selectFrom('setting').selectAll().execute()).toEqual([])
  })

  it('appends pushes beside a transaction that is under way', async () => {
    const { db, pushes } = test.store
    let appended: Promise<unknown> | undefined
    await db.transaction().execute(async (tx) => {
      appended = pushes.append(row('beside'))
      await new Promise(setImmediate)
      await tx.insertInto('setting').values({ key: 'a', value: '1' }).execute()
    })
    await appended
    expect(await db.selectFrom('push').select('dedupe_key').execute()).toEqual([{ dedupe_key: '0:beside' }])
  })
})

describe('openStore', () => {
  it('refuses a second server on the same SQLite file with a clear word', async () => {
    const test = await makeStore('sqlite')
    try {
      await expect(openStore(test.url)).rejects.toThrow(ConfigError)
      await expect(openStore(test.url)).rejects.toThrow(/Another kefu is running/)
    } finally {
      await test.remove()
    }
  })

  it('rejects when the file can not be opened, and goes on', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kefu-no-file-'))
    await expect(openStore(`file:${directory}`)).rejects.toThrow(/open/i)
    rmSync(directory, { recursive: true })
  })

  it('says what an address must look like', async () => {
    await expect(openStore('mysql://x')).rejects.toThrow(/file:PATH or postgres:/)
  })

  it('says that PostgreSQL can not be reached, without the password', async () => {
    const error = await openStore('postgres://kefu:planted-password@127.0.0.1:1/kefu').catch(
      (e: unknown) => e,
    )
    expect(error).toBeInstanceOf(ConfigError)
    expect(String(error)).toMatch(/can’t be reached/)
    expect(String(error)).not.toContain('planted-password')
  })
})
