import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { restorePush } from '../wechat/index.js'
import { orderPushKeys } from './push-key.js'
import { writeSetting } from './setting.js'

const now = 1_700_000_000_000
const plaintextOf = (number: number): string =>
  JSON.stringify({
    ToUserName: 'gh_1',
    FromUserName: `o${number % 7}`,
    CreateTime: Math.floor(now / 1000) - number,
    MsgType: 'text',
    Content: '在吗',
    MsgId: String(10_000 + number),
  })

describe.each(await storeKinds())('pushes that an older release kept on %s', (kind) => {
  let database: TestStore
  beforeEach(async () => {
    database = await makeStore(kind)
  })
  afterEach(() => database.remove())

  const push = (number: number) => {
    const plaintext = plaintextOf(number)
    const { id, openId } = restorePush({ appId: 'wx1', plaintext })
    return { id, openId, plaintext }
  }

  /** As releases before did: under its id, each a second older than the one before. */
  async function keptBefore(count: number): Promise<number[]> {
    const { db } = database.store
    const ids: number[] = []
    for (let number = count - 1; number >= 0; number--) {
      const { id, openId, plaintext } = push(number)
      const row = await db
        .insertInto('push')
        .values({
          dedupe_key: id,
          app_id: 'wx1',
          open_id: openId,
          shard: 0,
          format: 'json',
          plaintext,
          state: number % 2 === 0 ? 'new' : 'handled',
          attempts: number % 2,
          answer: 'success',
          received_at: now - number * 1000,
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      ids[number] = row.id
    }
    await writeSetting(db, 'push_keys_unordered', '1')
    return ids
  }

  it('are known when WeChat repeats them, and nothing else of them changes', async () => {
    const { store } = database
    const ids = await keptBefore(1203)
    const before = await store.db.selectFrom('push').selectAll().orderBy('id').execute()
    expect(await orderPushKeys(store, 0)).toBe(1203)
    const after = await store.db.selectFrom('push').selectAll().orderBy('id').execute()
    const rest = (rows: typeof after) => rows.map((row) => ({ ...row, dedupe_key: '' }))
    expect(rest(after)).toEqual(rest(before))
    for (const number of [0, 1, 600, 1202]) {
      const { id, openId, plaintext } = push(number)
      const row = { appId: 'wx1', openId, format: 'json', plaintext, receivedAt: now } as const
      expect(await store.pushes.append({ ...row, dedupeKey: id })).toEqual({
        id: ids[number],
        inserted: false,
      })
    }
  })

  it('keep their keys where nobody can repeat them, and all do once that was done', async () => {
    const { store } = database
    await keptBefore(10)
    expect(await orderPushKeys(store, now - 4000)).toBe(5)
    expect(await orderPushKeys(store, 0)).toBeUndefined()
    const rows = await store.db.selectFrom('push').select('dedupe_key').orderBy('id').execute()
    expect(rows.filter(({ dedupe_key: key }) => key.startsWith('wx1:'))).toHaveLength(5)
  })
})
