import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import type { Store } from '../store/index.js'
import type { Push } from '../wechat/index.js'
import { WriteProbe } from './write-probe.js'

const rowsOf = async (store: Store): Promise<unknown[]> =>
  store.db.selectFrom('setting').selectAll().where('key', '=', 'write_probe').execute()

describe.each(await storeKinds())('whether writes work, on %s', (kind) => {
  let test: TestStore
  let time: number
  let writes: number
  let broken: boolean
  let probe: WriteProbe

  beforeEach(async () => {
    test = await makeStore(kind)
    ;[time, writes, broken] = [1_000_000, 0, false]
    const { db } = test.store
    const insertInto: typeof db.insertInto = (table) => {
      writes++
      if (broken) throw new Error('database or disk is full')
      return db.insertInto(table)
    }
    const counted = new Proxy(db, {
      get(target, name): unknown {
        if (name === 'insertInto') return insertInto
        const member: unknown = Reflect.get(target, name)
        return typeof member === 'function' ? (member.bind(target) as unknown) : member
      },
    })
    probe = new WriteProbe({ store: { db: counted }, now: () => time })
  })
  afterEach(() => test.remove())

  it('is found out by a write, once in half a minute, and leaves nothing', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => probe.works()))
    expect(new Set(answers)).toEqual(new Set([true]))
    for (let i = 0; i < 100; i++) {
      time += 290
      await probe.works()
    }
    expect(writes).toBe(1)
    time += 2000
    expect(await probe.works()).toBe(true)
    expect(writes).toBe(2)
    expect(await rowsOf(test.store)).toEqual([])
  })

  it('is tried again each second while it fails, and no more often', async () => {
    broken = true
    for (let i = 0; i < 20; i++) expect(await probe.works()).toBe(false)
    expect(writes).toBe(1)
    time += 1000
    expect(await probe.works()).toBe(false)
    broken = false
    time += 1000
    expect(await probe.works()).toBe(true)
    expect(writes).toBe(3)
  })

  it('is told by pushes: none is written beside them, and one that fails is looked into at once', async () => {
    const push = {} as Push
    let fails = false
    const inbox = probe.watching({
      accept: async () => {
        if (fails) throw new Error('disk full')
        return {
          answer: Promise.resolve({ type: 'success' as const }),
          run: { answered: false, answer: { type: 'success' as const } },
        } as never
      },
    })
    for (let i = 0; i < 5; i++) {
      await inbox.accept(push)
      time += 20_000
      expect(await probe.works()).toBe(true)
    }
    expect(writes).toBe(0)
    await inbox.accept(push)
    fails = broken = true
    await expect(inbox.accept(push)).rejects.toThrow('disk full')
    expect(await probe.works()).toBe(false)
    expect(writes).toBe(1)
  })
})
