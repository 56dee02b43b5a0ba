import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { customerWrote } from '../../test/support/conversations.js'
import { makeStore, storeKinds, type TestStore } from '../../test/stores.js'
import { Entries } from './entries.js'
import { entriesPage, type EntriesPage, type PageAsked } from './entry-pages.js'
import { entryInput } from './schemas/knowledge-entry.js'

const admin = { apps: 'all', name: '林' } as const
const start = 1_700_000_000_000
const day = 86_400_000

describe.each(await storeKinds())('pages of entries on %s', (kind) => {
  let test: TestStore
  let entries: Entries
  let conversationId: number
  const ids: number[] = []
  beforeEach(async () => {
    test = await makeStore(kind)
    conversationId = await customerWrote(test.store, 'oLin', start)
    entries = new Entries({ store: test.store, now: () => start, onChanged: async () => undefined })
    ids.length = 0
    for (const title of ['一', '二', '三'])
      ids.push((await entries.add(entryInput.parse({ title, text: title }), admin)).id)
  })
  afterEach(() => test.remove())

  async function sent(entryId: number | undefined, at: number): Promise<void> {
    const { id } = await test.store.db
      .insertInto('turn')
      .values({
        conversation_id: conversationId,
        shard: 0,
        epoch: 0,
        assistant: '售前',
        version: 1,
        first_message_id: 1,
        last_message_id: 1,
        state: 'answered',
        due_at: at,
        deadline_at: at,
        created_at: at,
        ended_at: at,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    await test.store.db
      .insertInto('run')
      .values({
        turn_id: id,
        conversation_id: conversationId,
        assistant: '售前',
        outcome: 'answered',
        entries: '[]',
        entry_id: entryId ?? null,
        calls: 0,
        tokens_in: 0,
        tokens_out: 0,
        total_ms: 1,
        at,
      })
      .execute()
  }
  const page = (asked: Partial<PageAsked> = {}): Promise<EntriesPage> =>
    entriesPage({ entries, store: test.store, now: () => start }, admin, {
      sort: 'newest',
      limit: 50,
      ...asked,
    })
  const titles = ({ items }: EntriesPage): string[] => items.map(({ title }) => title)

  it('say how often each was sent within 30 days, and when last', async () => {
    await sent(ids[0], start - 31 * day)
    await sent(ids[1], start - 29 * day)
    await sent(ids[1], start - day)
    await sent(undefined, start - day)
    const { items } = await page()
    expect(items.map(({ title, used }) => [title, used.recent, used.lastAt])).toEqual([
      ['三', 0, null],
      ['二', 2, start - day],
      ['一', 0, start - 31 * day],
    ])
  })

  it('stand in the order of uses, and go on where the page before ended', async () => {
    await sent(ids[0], start - day)
    await sent(ids[0], start - day)
    await sent(ids[2], start - day)
    expect(titles(await page({ sort: 'most_used' }))).toEqual(['一', '三', '二'])
    expect(titles(await page({ sort: 'least_used' }))).toEqual(['二', '三', '一'])
    const first = await page({ sort: 'most_used', limit: 2 })
    expect([titles(first), first.next]).toEqual([['一', '三'], '2'])
    const second = await page({ sort: 'most_used', limit: 2, cursor: 2 })
    expect([titles(second), second.next]).toEqual([['二'], null])
    expect(titles(await page({ sort: 'most_used', q: '三' }))).toEqual(['三'])
    const newest = await page({ limit: 1 })
    expect(titles(await page({ limit: 1, cursor: Number(newest.next) }))).toEqual(['二'])
  })
})
