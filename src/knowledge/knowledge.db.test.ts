import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { silentLogger } from '../log.js'
import { Exams } from './exams/exams.js'
import { isStillLive, Knowledge, type Searched } from './knowledge.js'
import { entryInput, type EntryInput } from './schemas/knowledge-entry.js'

const admin = { apps: 'all', name: '林' } as const
const start = 1_700_000_000_000

describe.each(await storeKinds())('knowledge on %s', (kind) => {
  let test: TestStore
  let at: number
  let knowledge: Knowledge
  beforeEach(async () => {
    test = await makeStore(kind)
    at = start
    knowledge = make()
    await knowledge.start()
  })
  afterEach(async () => {
    await knowledge.stop()
    await test.remove()
  })

  const make = (): Knowledge =>
    new Knowledge({ store: test.store, logger: silentLogger, now: () => at, pause: async () => undefined })
  const pair = (title: string, change: Partial<EntryInput> = {}): EntryInput =>
    entryInput.parse({ title, text: `关于${title}的回答`, ...change })
  const searched = (change: Partial<Searched> = {}): Searched => ({
    appId: 'wx1',
    audience: 'customer',
    at,
    most: 8,
    ...change,
  })
  const find = (says: string, change: Partial<Searched> = {}): string[] =>
    knowledge.search(says, searched(change)).map(({ entry }) => entry.title)

  it('is searched at once after each change, and by a process that reads it later', async () => {
    const { id } = await knowledge.entries.add(pair('怎么退货'), admin)
    expect(find('退货')).toEqual(['怎么退货'])
    const other = make()
    await other.start()
    expect(other.search('退货', searched())).toHaveLength(1)
    await knowledge.entries.change(id, pair('怎么换货'), admin, 1)
    expect(find('退货怎么')).toEqual(['怎么换货'])
    await other.reread()
    expect(other.search('换货', searched())).toMatchObject([{ entry: { title: '怎么换货', version: 2 } }])
    await knowledge.entries.remove(id, admin)
    await other.reread()
    expect(other.search('换货', searched())).toEqual([])
    await other.stop()
  })

  it('tells customers only what is live, valid, theirs and their Mini Program’s', async () => {
    await knowledge.entries.addAll(
      [
        pair('退货一', { state: 'draft' }),
        pair('退货二', { state: 'off' }),
        pair('退货三', { audience: 'agents' }),
        pair('退货四', { appId: 'wx2' }),
        pair('退货五', { validFrom: start + 1000 }),
        pair('退货六', { validUntil: start }),
        pair('退货七', { appId: 'wx1', validFrom: start, validUntil: start + 1 }),
      ],
      admin,
    )
    expect(find('退货')).toEqual(['退货七'])
    expect(find('退货', { audience: 'agents' }).toSorted()).toEqual(['退货七', '退货三'].toSorted())
    expect(find('退货', { at: start + 1000 })).toEqual(['退货五'])
    expect(knowledge.overview('退货', searched({ most: 300 })).map(({ title }) => title)).toEqual(['退货七'])
  })

  it('gives the titles of all, or of the likeliest where there are many', async () => {
    await knowledge.entries.addAll(
      ['退货', '发货', '开发票', '退货运费'].map((title) => pair(title)),
      admin,
    )
    const titles = (most: number): string[] =>
      knowledge.overview('退货', searched({ most })).map(({ title }) => title)
    expect(titles(300)).toEqual(['退货', '发货', '开发票', '退货运费'])
    expect(titles(2)).toEqual(['退货', '退货运费'])
  })

  it('keeps each state of an entry, and makes an earlier one new', async () => {
    const { id } = await knowledge.entries.add(pair('一'), admin)
    await knowledge.entries.change(id, pair('二'), admin, undefined)
    await knowledge.entries.restore(id, 1, { ...admin, name: '周' })
    const versions = await knowledge.entries.versions(id, admin)
    expect(versions.map(({ version, by, entry }) => [version, by, entry.title])).toEqual([
      [3, '周', '一'],
      [2, '林', '二'],
      [1, '林', '一'],
    ])
  })

  it('refuses what was changed meanwhile, and what others may not see', async () => {
    const { id } = await knowledge.entries.add(pair('一', { appId: 'wx1' }), admin)
    await knowledge.entries.change(id, pair('二', { appId: 'wx1' }), admin, 1)
    await expect(knowledge.entries.change(id, pair('三'), admin, 1)).rejects.toMatchObject({
      code: 'conflict',
    })
    const narrow = { apps: ['wx2'], name: '周' }
    await expect(knowledge.entries.get(id, narrow)).rejects.toMatchObject({ code: 'not_found' })
    await expect(knowledge.entries.add(pair('四'), narrow)).rejects.toMatchObject({ code: 'forbidden' })
    expect(await knowledge.entries.list(narrow, { limit: 10 })).toEqual([])
  })

  it('says in a transaction whether an entry is still what was found', async () => {
    const { id } = await knowledge.entries.add(pair('一', { validUntil: start + 10 }), admin)
    const still = (version: number, when: number): Promise<boolean> =>
      test.store.db.transaction().execute((tx) => isStillLive(tx, id, version, when))
    expect(await still(1, start)).toBe(true)
    expect(await still(1, start + 10)).toBe(false)
    await knowledge.entries.change(id, pair('一', { state: 'off' }), admin, 1)
    expect(await still(1, start)).toBe(false)
    expect(await still(2, start)).toBe(false)
  })

  it('says which cases of the exam a change breaks', async () => {
    const exams = new Exams({ store: test.store, knowledge, now: () => at, pause: async () => undefined })
    const entry = await knowledge.entries.add(pair('怎么退货', { wordings: ['不想要了'] }), admin)
    const none = { appId: null, conversationId: null }
    const cases = [
      { ...none, says: '不想要了怎么弄', entryId: entry.id },
      { ...none, says: '今天天气', entryId: null },
    ]
    expect(await exams.add(cases)).toBe(2)
    expect(await exams.add(cases)).toBe(0)
    expect((await exams.run()).results.map(({ passed }) => passed)).toEqual([true, true])
    await knowledge.entries.change(entry.id, pair('运费多少', { text: '8 元' }), admin, undefined)
    const run = await exams.run()
    expect(run.broken).toEqual([run.cases[0]?.id])
    expect((await exams.run()).broken).toEqual([])
    await knowledge.entries.remove(entry.id, admin)
    expect((await exams.cases()).map(({ says }) => says)).toEqual(['今天天气'])
  })
})
