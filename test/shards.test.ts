import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LeasedShards } from '../src/conversation/index.js'
import { SHARDS } from '../src/store/index.js'
import { RecordingLogger } from './support/recording-logger.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'

const kinds = await storeKinds()

describe.runIf(kinds.includes('postgres'))('leased shards', () => {
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

  it('are renewed beside commits that hold them, without a deadlock', async () => {
    const { db } = test.store
    // Moved behind all others in the table, so that a renewal in the table's order would come to it last.
    await db.updateTable('shard').set({ fence: 1 }).where('id', '=', 0).execute()
    await shards.start()
    expect(shards.owned).toHaveLength(SHARDS)
    await db.updateTable('shard').set({ fence: 2 }).where('id', '=', 0).execute()
    const outcome = await db.transaction().execute(async (tx) => {
      const first = await shards.hold(tx, [0])
      await expect
        .poll(
          async () => {
            const { rows } = await sql<{ waiting: number }>`
              select count(*) as waiting from pg_stat_activity
              where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
            return rows[0]?.waiting
          },
          { timeout: 10_000 },
        )
        .toBe(1)
      return [first, await shards.hold(tx, [SHARDS - 1])]
    })
    expect(outcome).toEqual([true, true])
    // PostgreSQL would have ended one of the two.
    await shards.stop()
    expect(logger.lines).toEqual([])
  })
})
