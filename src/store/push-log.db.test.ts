import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { PushLog } from './push-log.js'

const row = {
  dedupeKey: 'wx1:o1:1:1',
  appId: 'wx1',
  openId: 'o1',
  format: 'json',
  plaintext: '{}',
  receivedAt: 1,
  answered: true,
} as const

describe.each(await storeKinds())('pushes on %s', (kind) => {
  let database: TestStore
  beforeEach(async () => {
    database = await makeStore(kind)
  })
  afterEach(() => database.remove())

  it('that repeat one which is erased at that moment are told as a repeat, and bring nothing back', async () => {
    const { db, dialect } = database.store
    await new PushLog(db, dialect).append(row)
    // Its customer is erased between the two looks of a repeat.
    const beside = new Proxy(db, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target)
        if (key !== 'executeQuery' || typeof value !== 'function') return value
        return async (query: { readonly sql: string }) => {
          if (query.sql.startsWith('select')) await db.deleteFrom('push').execute()
          return value.call(target, query) as Promise<unknown>
        }
      },
    })
    expect(await new PushLog(beside, dialect).append(row)).toMatchObject({ inserted: false })
    expect(await db.selectFrom('push').select('id').execute()).toEqual([])
  })
})
