import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { addSetting, holdSetting, readSetting, removeSetting, writeSetting } from './setting.js'

describe.each(await storeKinds())('a setting on %s', (kind) => {
  let database: TestStore
  beforeEach(async () => {
    database = await makeStore(kind)
  })
  afterEach(() => database.remove())

  it('is there once it was written, and is what was written last', async () => {
    const { db } = database.store
    expect(await readSetting(db, 'one')).toBeUndefined()
    await writeSetting(db, 'one', '1')
    await writeSetting(db, 'one', '2')
    expect(await readSetting(db, 'one')).toBe('2')
    expect(await removeSetting(db, 'one')).toBe(true)
    expect(await removeSetting(db, 'one')).toBe(false)
    expect(await readSetting(db, 'one')).toBeUndefined()
  })

  it('is added once, and stays what the first one added', async () => {
    const { db } = database.store
    expect(await addSetting(db, 'one', 'first')).toBe(true)
    expect(await addSetting(db, 'one', 'second')).toBe(false)
    expect(await readSetting(db, 'one')).toBe('first')
  })

  it('is held to the commit, so that of several changes at once each counts', async () => {
    const { db } = database.store
    await Promise.all(
      Array.from({ length: 5 }, () =>
        db.transaction().execute(async (tx) => {
          const held = await holdSetting(tx, 'count', '0')
          await writeSetting(tx, 'count', String(Number(held) + 1))
        }),
      ),
    )
    expect(await readSetting(db, 'count')).toBe('5')
  })
})
