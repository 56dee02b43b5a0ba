import { nextTick, reactive, ref } from 'vue'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { ConversationQuery } from '../../api/calls.js'
import type { ConversationView, ListOf } from '../../api/views.js'
import { conversationOf, messageOf } from '../../testing.js'
import {
  createConversationList,
  type ConversationList,
  type ConversationListOptions,
} from './conversation-list.js'
import { createConversations, type Conversations } from '../conversations.js'

let conversations: Conversations
let list: ConversationList
let asked: ConversationQuery[]
let pages: ListOf<ConversationView>[]
const selected = ref<number | null>(null)
let now = ref(0)
const shown = (): number[] => list.rows.value.map(({ id }) => id)

/** A conversation whose last message is the n-th. */
const at = (id: number, place: number, change: Partial<ConversationView> = {}): ConversationView =>
  conversationOf({
    id,
    sequence: place,
    lastMessage: messageOf({ id: place, conversationId: id }),
    ...change,
  })

beforeEach(() => {
  selected.value = null
  now = ref(0)
  asked = []
  pages = []
  conversations = createConversations()
  const client = {
    conversations: async (query: ConversationQuery) => {
      asked.push(query)
      return pages.shift() ?? { items: [], next: null }
    },
    counts: async () => ({ waiting: 1, mine: 2, bot: 3, all: 6 }),
  }
  list = createConversationList({
    // The list asks for nothing else.
    client: client as unknown as ConversationListOptions['client'],
    conversations,
    meId: 1,
    selected,
    sorts: reactive({ waiting: 'recent', mine: 'recent', bot: 'recent', all: 'recent' }),
    now,
    onProblem: (error) => {
      throw error
    },
  })
})

describe('the list of conversations', () => {
  it('is read page by page, the one with the newest message first', async () => {
    pages = [
      { items: [at(3, 30), at(2, 20)], next: '20' },
      { items: [at(1, 10)], next: null },
    ]
    await list.reload()
    expect(shown()).toEqual([3, 2])
    expect(list.counts.value.all).toBe(6)
    await list.more()
    expect(shown()).toEqual([3, 2, 1])
    expect(asked.map(({ status, cursor }) => [status, cursor])).toEqual([
      ['waiting', undefined],
      ['waiting', '20'],
    ])
    await list.more()
    expect(asked).toHaveLength(2)
  })

  it('does not show what lies behind the page that was read, though it is known from elsewhere', async () => {
    pages = [{ items: [at(3, 30), at(2, 20)], next: '20' }]
    await list.reload()
    conversations.put(at(9, 5))
    expect(shown()).toEqual([3, 2])
    conversations.put(at(9, 40))
    expect(shown()).toEqual([9, 3, 2])
  })

  it('follows who has a conversation, but keeps the open one in its place', async () => {
    pages = [{ items: [at(3, 30), at(2, 20)], next: null }]
    await list.reload()
    selected.value = 2
    await nextTick()
    conversations.put(at(2, 50, { status: 'assigned', agent: { id: 1, name: '我' }, epoch: 2 }))
    conversations.put(at(3, 60, { status: 'assigned', agent: { id: 2, name: '李四' }, epoch: 2 }))
    expect(shown()).toEqual([2])
    list.tab.value = 'mine'
    await nextTick()
    expect(shown()).toEqual([2])
    list.tab.value = 'bot'
    await nextTick()
    expect(shown()).toEqual([])
  })

  it('moves no row at or above the pointer, and says how many would', async () => {
    pages = [{ items: [at(4, 40), at(3, 30), at(2, 20)], next: null }]
    await list.reload()
    list.hold(1)
    conversations.put(at(2, 50))
    conversations.put(at(5, 60))
    expect(shown()).toEqual([4, 3, 5, 2])
    expect(list.moved.value).toBe(2)
    list.hold(null)
    expect(shown()).toEqual([5, 2, 4, 3])
    expect(list.moved.value).toBe(0)
  })

  it('keeps a held row that somebody took until the pointer goes', async () => {
    pages = [{ items: [at(4, 40), at(3, 30)], next: null }]
    await list.reload()
    list.hold(0)
    conversations.put(at(4, 41, { status: 'assigned', agent: { id: 2, name: '李四' }, epoch: 2 }))
    expect(shown()).toEqual([4, 3])
    list.hold(null)
    expect(shown()).toEqual([3])
  })

  it('shows what a search found, in the order it was found', async () => {
    pages = [{ items: [], next: null }]
    await list.reload()
    pages = [{ items: [at(1, 10, { status: 'closed' }), at(7, 70)], next: null }]
    list.search.value = ' 马克杯 '
    await nextTick()
    await nextTick()
    expect(asked.at(-1)).toMatchObject({ q: '马克杯' })
    expect(shown()).toEqual([1, 7])
  })

  it('is sorted by wait and by what ends first', async () => {
    const allowance = conversationOf().allowance
    pages = [
      {
        items: [
          at(3, 30, { waitingSince: 5, allowance: { ...allowance, expiresAt: 900_000 } }),
          at(2, 20, { waitingSince: 9, allowance: { ...allowance, expiresAt: 100_000 } }),
          at(1, 10, { waitingSince: null, allowance: { ...allowance, expiresAt: null } }),
        ],
        next: null,
      },
    ]
    list.tab.value = 'all'
    await vi.waitFor(() => {
      expect(shown()).toEqual([3, 2, 1])
    })
    list.sort.value = 'waiting'
    await nextTick()
    expect(asked.at(-1)).toMatchObject({ sort: 'waiting' })
    await vi.waitFor(() => {
      expect(shown()).toEqual([3, 2, 1])
    })
    list.sort.value = 'expiring'
    await nextTick()
    expect(asked.at(-1)).toMatchObject({ sort: 'expiring' })
    await vi.waitFor(() => {
      expect(shown()).toEqual([2, 3, 1])
    })
  })

  it('asks the service for what is filtered, and follows events under the filter', async () => {
    const contact = conversationOf().contact
    const tagged = { contact: { ...contact, tags: ['售后'] } }
    await list.reload()
    Object.assign(list.filters, { tag: '售后', source: 'page=home', failed: true, expiring: true })
    await nextTick()
    expect(asked.at(-1)).toEqual({
      status: 'waiting',
      tag: '售后',
      source: 'page=home',
      failed: 'true',
      expiring: 6,
      limit: 50,
    })
    expect(list.filterCount.value).toBe(4)
    Object.assign(list.filters, { source: '', failed: false, expiring: false })
    pages = [{ items: [at(3, 30, tagged), at(2, 20, tagged)], next: '20' }]
    await nextTick()
    await nextTick()
    expect(shown()).toEqual([3, 2])
    // One gets the tag, one loses it, one that lies behind what was read has it.
    conversations.put(at(7, 70, tagged))
    conversations.put(at(3, 30, { contact, sequence: 31 }))
    conversations.put(at(1, 10, tagged))
    expect(shown()).toEqual([7, 2])
  })

  it('shows failed ones, one source, and what is about to expire, as each becomes so', async () => {
    const { contact, allowance } = conversationOf()
    const hour = 3_600_000
    await list.reload()
    list.filters.failed = true
    await nextTick()
    conversations.put(at(1, 10))
    conversations.put(at(2, 20, { failed: true }))
    expect(shown()).toEqual([2])
    list.clearFilters()
    list.filters.source = 'page=home'
    await nextTick()
    conversations.put(at(3, 30, { contact: { ...contact, sessionFrom: 'page=home' } }))
    expect(shown()).toEqual([3])
    list.clearFilters()
    list.filters.expiring = true
    await nextTick()
    conversations.put(at(4, 40, { allowance: { ...allowance, expiresAt: 7 * hour } }))
    expect(shown()).not.toContain(4)
    const before = asked.length
    now.value = hour
    await nextTick()
    expect(shown()).toContain(4)
    // What this page has not seen may be about to expire as well.
    expect(asked.slice(before)).toEqual([{ status: 'waiting', expiring: 6, limit: 50 }])
  })

  it('asks nothing when nothing can be like that', async () => {
    await list.reload()
    const before = asked.length
    list.filters.agentId = 7
    await nextTick()
    expect([shown(), list.state.value, asked.length]).toEqual([[], 'ready', before])
    list.tab.value = 'all'
    await nextTick()
    expect(asked.at(-1)).toMatchObject({ agent: '7' })
  })

  it('looks further when a search has found nothing yet', async () => {
    await list.reload()
    pages = [
      { items: [], next: '900' },
      { items: [], next: '400' },
      { items: [at(1, 10)], next: null },
    ]
    list.search.value = '退款'
    await nextTick()
    expect(list.state.value).toBe('loading')
    await vi.waitFor(() => {
      expect(shown()).toEqual([1])
    })
    expect(asked.slice(-3).map(({ cursor }) => cursor)).toEqual([undefined, '900', '400'])
  })

  it('forgets after a break what is no longer so, and keeps its rows until it knows', async () => {
    pages = [{ items: [at(3, 30), at(2, 20)], next: null }]
    await list.reload()
    pages = [{ items: [at(3, 30)], next: null }]
    const reload = list.reload()
    expect(shown()).toEqual([3, 2])
    // Told live while the answer is on its way.
    conversations.put(at(5, 50))
    await reload
    expect(shown()).toEqual([5, 3])
    expect(conversations.byId.has(2)).toBe(false)
  })
})

it('a state from before is not put over a later one, and what was read stays read', () => {
  conversations.put(at(1, 10, { epoch: 2, unread: 3 }))
  conversations.put(at(1, 20, { epoch: 1 }))
  expect(conversations.byId.get(1)?.lastMessage?.id).toBe(10)
  conversations.markRead(1, 10)
  expect(conversations.byId.get(1)?.unread).toBe(0)
  conversations.put(at(1, 10, { epoch: 2, unread: 3 }))
  expect(conversations.byId.get(1)?.unread).toBe(0)
  conversations.put(at(1, 11, { epoch: 2, unread: 1 }))
  expect(conversations.byId.get(1)?.unread).toBe(1)
})
