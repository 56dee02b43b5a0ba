import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LeasedShards } from '../src/conversation/index.js'
import { SHARDS } from '../src/store/index.js'
import { RecordingLogger } from './support/recording-logger.js'
import { makeStore, type TestStore } from './stores.js'

describe('leased shards', () => {
  let test: TestStore
  let shards: LeasedShards
  let logger: RecordingLogger

  beforeEach(async () => {
    test = await makeStore('postgres')
    const ignore = { onGained: () => undefined, onLeaving: async () => undefined }
    logger = new RecordingLogger()
    shards = new LeasedShards({ store: test.store, logger, ...ignore })
  })
  afterEach(async () => {
    await shards.stop()
    await test.remove()
  })

  it('are renewed while commits hold them, however long that takes', { timeout: 30_000 }, async () => {
    const { db } = test.store
    await shards.start()
    expect(shards.owned).toHaveLength(SHARDS)
    const left = async (): Promise<number> => {
      const { rows } = await sql<{ left: number }>`
        select min(lease_until) - (extract(epoch from clock_timestamp()) * 1000)::bigint as left from shard`.execute(
        db,
      )
      return Number(rows[0]?.left)
    }
    await db.transaction().execute(async (tx) => {
      expect(await shards.hold(tx, [0, SHARDS - 1])).toBe(true)
      // Longer than a lease lasts.
      for (let second = 0; second < 6; second++) {
        await delay(1000)
        expect(await left()).toBeGreaterThan(0)
      }
    })
    expect(shards.owned).toHaveLength(SHARDS)
    expect(logger.lines).toEqual([])
  })

  it('are given back only when the commits that hold them have ended', async () => {
    const { db } = test.store
    await shards.start()
    let stopped = false
    let stopping: Promise<void> | undefined
    await db.transaction().execute(async (tx) => {
      expect(await shards.hold(tx, [7])).toBe(true)
      stopping = shards.stop().then(() => {
        stopped = true
      })
      await delay(300)
      expect(stopped).toBe(false)
      const { owner } = await tx
        .selectFrom('shard')
        .select('owner')
        .where('id', '=', 7)
        .executeTakeFirstOrThrow()
      expect(owner).not.toBeNull()
    })
    await stopping
    const free = await db.selectFrom('shard').select('id').where('owner', 'is', null).execute()
    expect(free).toHaveLength(SHARDS)
  })

  it('that were lost to another process are told, and held no more', async () => {
    const { db } = test.store
    await shards.start()
    await db
      .updateTable('shard')
      .set({ owner: 'another', lease_until: Date.now() + 5000 })
      .where('id', '<', 3)
      .execute()
    expect(await db.transaction().execute((tx) => shards.hold(tx, [2, 5]))).toBe(false)
    await expect
      .poll(() => logger.lines.map(({ fields }) => fields), { timeout: 5000 })
      .toEqual([{ shards: 3 }])
    expect(shards.has(2)).toBe(false)
    expect(shards.has(5)).toBe(true)
  })
})
