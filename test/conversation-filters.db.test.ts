import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  conversationViews,
  defaultAllowanceRules,
  listConversations,
  type ConversationFilter,
  type ConversationView,
  type ViewSource,
} from '../src/conversation/index.js'
import { makeStore, storeKinds, type TestStore } from './stores.js'
import { runs } from './support/property-runs.js'

const hour = 3_600_000
const now = Date.UTC(2026, 6, 31, 6)
const tags = ['售后', 'vip', `a'b%`] as const
const sources = ['page=home', '{"page":"商品"}', '长'.repeat(1000)] as const
const statuses = ['bot', 'waiting', 'assigned', 'closed'] as const

/** A conversation as a test makes it. */
const conversation = fc.record({
  app: fc.constantFrom('wxA', 'wxB'),
  status: fc.constantFrom(...statuses),
  tags: fc.uniqueArray(fc.constantFrom(...tags)),
  source: fc.option(fc.constantFrom(...sources)),
  /** How long ago the customer wrote last. */
  agoMs: fc.option(fc.integer({ min: 1, max: 50 }).map((hours) => hours * hour - 30 * 60_000)),
  corrected: fc.constantFrom(null, null, 'count' as const),
  waits: fc.boolean(),
  /** Outgoing messages, oldest first. */
  sends: fc.array(fc.constantFrom('accepted', 'accepted', 'failed', 'unknown', 'cancelled'), {
    maxLength: 24,
  }),
})

/** What the filters say of a conversation as the desk sees it. */
const says: Record<
  string,
  { filter: Partial<ConversationFilter>; holds: (view: ConversationView) => boolean }
> = {
  nothing: { filter: {}, holds: () => true },
  tag: { filter: { tag: '售后' }, holds: ({ contact }) => contact.tags.includes('售后') },
  'signs of SQL': { filter: { tag: `a'b%` }, holds: ({ contact }) => contact.tags.includes(`a'b%`) },
  'no such tag': { filter: { tag: '售' }, holds: () => false },
  source: {
    filter: { sessionFrom: 'page=home' },
    holds: ({ contact }) => contact.sessionFrom === 'page=home',
  },
  'long source': {
    filter: { sessionFrom: sources[2] },
    holds: ({ contact }) => contact.sessionFrom === sources[2],
  },
  'field of a source': {
    filter: { sessionField: { key: 'page' } },
    holds: ({ contact }) => contact.sessionFrom?.includes('page') === true,
  },
  'field of a source, and what it says': {
    filter: { sessionField: { key: 'page', value: '商品' } },
    holds: ({ contact }) => contact.sessionFrom === sources[1],
  },
  'no such field': { filter: { sessionField: { key: 'pag' } }, holds: () => false },
  failed: { filter: { failed: true }, holds: ({ failed }) => failed },
  'not failed': { filter: { failed: false }, holds: ({ failed }) => !failed },
  expiring: { filter: { expiresWithinHours: 6 }, holds: ({ allowance }) => isExpiring(allowance) },
  status: {
    filter: { statuses: ['waiting', 'bot'] },
    holds: ({ status }) => status === 'waiting' || status === 'bot',
  },
  'Mini Program': { filter: { appId: 'wxA' }, holds: ({ appId }) => appId === 'wxA' },
  scope: { filter: { apps: ['wxB'] }, holds: ({ appId }) => appId === 'wxB' },
}

function isExpiring({ expiresAt }: ConversationView['allowance']): boolean {
  return expiresAt !== null && expiresAt - now <= 6 * hour
}

const recent = (a: ConversationView, b: ConversationView): number =>
  (b.lastMessage?.id ?? 0) - (a.lastMessage?.id ?? 0)
const orders = {
  recent,
  waiting: (a: ConversationView, b: ConversationView) =>
    (a.waitingSince ?? Infinity) - (b.waitingSince ?? Infinity) || recent(a, b),
  expiring: (a: ConversationView, b: ConversationView) =>
    (a.allowance.expiresAt ?? Infinity) - (b.allowance.expiresAt ?? Infinity) || recent(a, b),
}

describe.each(await storeKinds())('filters of the list on %s', (kind) => {
  let database: TestStore
  let source: ViewSource
  let all: ConversationView[]

  beforeAll(async () => {
    database = await makeStore(kind)
    const { db } = database.store
    source = {
      store: database.store,
      allowance: defaultAllowanceRules,
      namesOf: async () => new Map(),
      now: () => now,
    }
    let messageId = 0
    const made = fc.sample(conversation, { numRuns: 120, seed: 5 })
    for (const [index, each] of made.entries()) {
      const id = index + 1
      const message = (direction: string, state: string | null) => sql`
        insert into message (id, conversation_id, direction, author, msg_type, content, state, epoch, created_at, sent_at)
        values (${++messageId}, ${id}, ${direction}, 'x', 'text', '{"msgType":"text","content":"在吗"}', ${state}, 0, 1, ${state && 1})`
      const at = each.agoMs === null ? null : now - each.agoMs
      await sql`insert into contact (app_id, open_id, session_from, created_at, seen_at)
        values (${each.app}, ${`o${id}`}, ${each.source}, 1, 1)`.execute(db)
      for (const tag of each.tags)
        await sql`insert into contact_tag (contact_id, tag) values (${id}, ${tag})`.execute(db)
      await sql`insert into conversation (contact_id, shard, status, epoch, message_seconds, message_received_at,
          corrected, waiting_since, updated_at)
        values (${id}, 0, ${each.status}, 0, ${at && at / 1000}, ${at}, ${each.corrected},
          ${each.waits ? now - 1000 * (id % 7) : null}, 1)`.execute(db)
      await message('incoming', null).execute(db)
      for (const state of each.sends) await message('outgoing', state).execute(db)
      await sql`update conversation set last_message_id = ${messageId} where id = ${id}`.execute(db)
    }
    all = await conversationViews(
      source,
      made.map((_, index) => index + 1),
    )
  })
  afterAll(() => database.remove())

  /** All that there is, page by page, each conversation once. */
  async function listed(filter: Partial<ConversationFilter>, sort: keyof typeof orders, most?: number) {
    const ids: number[] = []
    let cursor: string | undefined
    do {
      const page: Awaited<ReturnType<typeof listConversations>> = await listConversations(
        source,
        { apps: 'all', ...filter },
        { limit: 7, sort, cursor, ...(most === undefined ? {} : { most }) },
      )
      ids.push(...page.items.map(({ id }) => id))
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
    return ids
  }

  it('have something to find and something to leave out', () => {
    for (const [name, { holds }] of Object.entries(says)) {
      const found = all.filter(holds).length
      if (name !== 'nothing' && !name.startsWith('no such'))
        expect([name, found > 2 && found < 118]).toEqual([name, true])
    }
  })

  it.each(Object.keys(says))('find what the desk would by itself: %s', async (name) => {
    const { filter = {}, holds = () => false } = says[name] ?? {}
    for (const sort of ['recent', 'waiting', 'expiring'] as const) {
      const expected = all.filter(holds).sort(orders[sort])
      const ids = expected.map(({ id }) => id)
      expect([sort, await listed(filter, sort)]).toEqual([sort, ids])
      // As if there were very many.
      expect([sort, await listed(filter, sort, 0)]).toEqual([sort, ids])
    }
  })

  it('hold together, and with a search', async () => {
    const names = ['tag', 'source', 'failed', 'expiring', 'status', 'scope'] as const
    await fc.assert(
      fc.asyncProperty(
        fc.subarray([...names], { minLength: 2, maxLength: 3 }),
        fc.boolean(),
        async (some, isSearch) => {
          const filter = Object.assign(
            {},
            ...some.map((name) => says[name]?.filter),
          ) as Partial<ConversationFilter>
          const ids = all
            .filter((view) => some.every((name) => says[name]?.holds(view)))
            .sort(recent)
            .map(({ id }) => id)
          expect(await listed({ ...filter, ...(isSearch ? { search: '在吗' } : {}) }, 'recent')).toEqual(ids)
        },
      ),
      { numRuns: runs(100), seed: 3 },
    )
  })
})
