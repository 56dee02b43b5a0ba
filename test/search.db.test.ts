import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  defaultAllowanceRules,
  listConversations,
  MessageIndexer,
  type ConversationFilter,
  type ViewSource,
} from '../src/conversation/index.js'
import { contains, wordsOf } from '../src/conversation/queries/search-pieces.js'
import { silentLogger } from '../src/log.js'
import { readSetting, type Store } from '../src/store/index.js'
import { searchFolds } from '../src/store/migrations/0021-search-folds.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'
import { runs } from './support/property-runs.js'

/** What customers wrote, by their openId. */
const said: Record<string, readonly string[]> = {
  oRefund: ['我要退款', '什么时候能退'],
  oOrder: ['订单 12345 到哪了', 'ORDER-99 please'],
  oSigns: [`100% _done_ "quoted" it's (a) * test \\ & | !`, '<b>粗体</b>'],
  oEmoji: ['好的😀👍🏽', 'ＦＵＬＬ width'],
  oNear: ['退了的款', '款退'],
  oTaipei: ['可以貨到付款嗎', '門口有臺階'],
  oBeijing: ['支持货到付款吗'],
  oHidden: ['发\u200b票\u00ad抬\ufeff头', '保价\u2060七天'],
}

describe.each(await storeKinds())('search on %s', (kind) => {
  let database: TestStore
  let store: Store
  let source: ViewSource
  let messageId = 0
  const indexer = (): MessageIndexer =>
    new MessageIndexer({ store, logger: silentLogger, wait: (ms) => delay(ms) })

  async function add(openId: string, texts: readonly string[], appId = 'wxA'): Promise<void> {
    await store.db
      .insertInto('contact')
      .values({
        app_id: appId,
        open_id: openId,
        name: null,
        remark: null,
        session_from: null,
        created_at: 1,
        seen_at: 1,
      })
      .onConflict((oc) => oc.doNothing())
      .execute()
    const { id: contactId } = await store.db
      .selectFrom('contact')
      .select('id')
      .where('open_id', '=', openId)
      .executeTakeFirstOrThrow()
    await sql`insert into conversation (contact_id, shard, status, epoch, updated_at) values (${contactId}, 0, 'waiting', 0, 1)
      on conflict do nothing`.execute(store.db)
    const { id } = await store.db
      .selectFrom('conversation')
      .select('id')
      .where('contact_id', '=', contactId)
      .executeTakeFirstOrThrow()
    for (const content of texts) {
      await sql`insert into message (id, conversation_id, direction, author, msg_type, content, epoch, created_at)
        values (${++messageId}, ${id}, 'incoming', 'contact', 'text', ${JSON.stringify({ msgType: 'text', content })}, 0, 1)`.execute(
        store.db,
      )
      await sql`update conversation set last_message_id = ${messageId} where id = ${id}`.execute(store.db)
    }
  }
  async function find(
    search: string,
    filter: Partial<ConversationFilter> = {},
    most?: number,
  ): Promise<string[]> {
    const span = { limit: 200, ...(most === undefined ? {} : { most }) }
    const { items } = await listConversations(source, { apps: 'all', ...filter, search }, span)
    return items.map(({ openId }) => openId).sort()
  }

  beforeAll(async () => {
    database = await makeStore(kind)
    store = database.store
    source = { store, allowance: defaultAllowanceRules, namesOf: async () => new Map(), now: Date.now }
    for (const [openId, texts] of Object.entries(said)) await add(openId, texts)
  })
  afterAll(() => database.remove())

  const cases: [string, string[]][] = [
    ['退款', ['oRefund']],
    ['退', ['oNear', 'oRefund']],
    ['款', ['oBeijing', 'oNear', 'oRefund', 'oTaipei']],
    ['我要退款', ['oRefund']],
    ['要款', []],
    ['订单 到哪', ['oOrder']],
    ['订单到哪', []],
    ['12345', ['oOrder']],
    ['234', ['oOrder']],
    ['order-99', ['oOrder']],
    ['%', ['oSigns']],
    ['_', ['oSigns']],
    ['100%', ['oSigns']],
    ['"quoted"', ['oSigns']],
    [`it's`, ['oSigns']],
    ['*', ['oSigns']],
    ['\\', ['oSigns']],
    ['粗体</b>', ['oSigns']],
    ['😀', ['oEmoji']],
    ['full', ['oEmoji']],
    ['" OR "', []],
    ['text', []],
    ['货到付款', ['oBeijing', 'oTaipei']],
    ['貨到付款', ['oBeijing', 'oTaipei']],
    ['台阶', ['oTaipei']],
    ['发票抬头', ['oHidden']],
    ['發\u200d票', ['oHidden']],
    ['价七', ['oHidden']],
    ['\u200b', Object.keys(said).sort()],
  ]
  it.each(cases)('finds %j, before and after it is indexed', async (query, expected) => {
    expect(await find(query)).toEqual(expected)
  })

  it('finds the same when everything is indexed', async () => {
    await indexer().catchUp()
    for (const [query, expected] of cases) expect([query, await find(query)]).toEqual([query, expected])
    // One that came since is found too.
    await add('oLate', ['迟到的退款'])
    expect(await find('退款')).toEqual(['oLate', 'oRefund'])
    await indexer().catchUp()
    expect(await find('退款')).toEqual(['oLate', 'oRefund'])
  })

  it('finds by openId, name, remark and tag, whatever signs they have', async () => {
    await sql`update contact set name = '张%三', remark = 'VIP客户' where open_id = 'oRefund'`.execute(
      store.db,
    )
    await sql`insert into contact_tag (contact_id, tag) select id, '售后_1' from contact where open_id = 'oOrder'`.execute(
      store.db,
    )
    expect(await find('张%')).toEqual(['oRefund'])
    expect(await find('张_')).toEqual([])
    expect(await find('vip')).toEqual(['oRefund'])
    expect(await find('售后_')).toEqual(['oOrder'])
    expect(await find('orefund')).toEqual(['oRefund'])
    expect(await find('张 客户')).toEqual(['oRefund'])
    await sql`update contact set name = '張\u200b三豐[*]?' where open_id = 'oNear'`.execute(store.db)
    for (const query of ['张三丰', '張三豐', '丰[*]?', 'oNEAR 张三'])
      expect([query, await find(query)]).toEqual([query, ['oNear']])
    await sql`update contact set remark = '週邊臺灣*[後續]發貨' where open_id = 'oNear'`.execute(store.db)
    for (const query of ['周边台湾*[后续]发货', '周邊台灣*[後續]发貨', '湾*[后续]'])
      expect([query, await find(query)]).toEqual([query, ['oNear']])
    for (const query of ['周边台湾后', '周边*发货', '丰[张]', '张.丰', '张*丰', '张?丰', '[张]三'])
      expect([query, await find(query)]).toEqual([query, []])
  })

  it('finds in rows of an index of before, once they are made anew in the background', async () => {
    await add('oOld', ['運費險\u200b怎麼退'])
    await indexer().catchUp()
    // As a kefu of before has indexed it, and then the migration.
    const id = await store.db
      .selectFrom('message')
      .select(['id', 'conversation_id'])
      .orderBy('id', 'desc')
      .executeTakeFirstOrThrow()
    if (kind === 'sqlite') {
      const row = sql`(${id.conversation_id} << 38) + ${id.id}`
      await sql`delete from message_index where rowid = ${row}`.execute(store.db)
      await sql`insert into message_index (rowid, pieces) values (${row}, '運 費 險 運費 費險')`.execute(
        store.db,
      )
    } else
      await sql`update message_index set pieces = ${"'運' '費' '險' '運費':2 '費險':3"}::tsvector
        where message_id = ${id.id}`.execute(store.db)
    expect(await find('运费险怎么退')).toEqual([])
    await searchFolds().up(store.db)
    expect(await readSetting(store.db, 'message_index_renewed_up_to')).toBe('0')
    const following = indexer()
    following.start()
    await expect.poll(() => find('运费险怎么退')).toEqual(['oOld'])
    await expect.poll(() => readSetting(store.db, 'message_index_renewed_up_to')).toBeUndefined()
    await following.stop()
    expect(await find('退款')).toEqual(['oLate', 'oRefund'])
    await sql`delete from contact where open_id = 'oOld'`.execute(store.db)
  })

  it('keeps to the Mini Programs, the status and the page that are asked for', async () => {
    await add('oElse', ['别处的退款'], 'wxB')
    expect(await find('退款', { apps: ['wxA'] })).toEqual(['oLate', 'oRefund'])
    expect(await find('退款', { apps: ['wxB'] })).toEqual(['oElse'])
    expect(await find('退款', { statuses: ['closed'] })).toEqual([])
    const filter = { apps: 'all' as const, search: '退款' }
    const first = await listConversations(source, filter, { limit: 2 })
    expect(first.items.map(({ openId }) => openId)).toEqual(['oElse', 'oLate'])
    const second = await listConversations(source, filter, { limit: 2, cursor: first.next ?? '' })
    expect(second.items.map(({ openId }) => openId)).toEqual(['oRefund'])
    expect(second.next).toBeNull()
  })

  it('finds no more what was deleted', async () => {
    await indexer().catchUp()
    await sql`delete from contact where open_id = 'oElse'`.execute(store.db)
    expect(await find('别处')).toEqual([])
    const table =
      kind === 'sqlite'
        ? sql<{
            count: number
          }>`select count(*) as count from message_index where message_index match '"别处"'`
        : sql<{
            count: number
          }>`select count(*) as count from message_index where pieces @@ '''别处'''::tsquery`
    expect((await table.execute(store.db)).rows).toEqual([{ count: 0 }])
  })

  it('finds what contains the words, and nothing else, also among very many', async () => {
    const alphabet = fc.constantFrom('退', '款', 'a', 'B', '1', ' ', '%', '😀', "'")
    const text = fc.string({ unit: alphabet, minLength: 1, maxLength: 8 })
    const texts = fc.sample(text, { numRuns: 60, seed: 7 })
    const mine = new Map(texts.map((each, i) => [`p${i}`, each]))
    for (const [openId, each] of mine) await add(openId, [each], 'wxP')
    await indexer().catchUp()
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: alphabet, minLength: 1, maxLength: 3 }), async (query) => {
        const words = wordsOf(query)
        fc.pre(words.length > 0)
        const expected = [...mine].filter(([openId, each]) =>
          words.every((word) => openId.includes(word)) ? true : contains(each, words),
        )
        const openIds = expected.map(([openId]) => openId).sort()
        expect(await find(query, { apps: ['wxP'] })).toEqual(openIds)
        expect(await find(query, { apps: ['wxP'] }, 0)).toEqual(openIds)
      }),
      { numRuns: runs(100), seed: 11 },
    )
  })
})
