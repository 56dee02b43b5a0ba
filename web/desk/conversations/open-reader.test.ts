import { computed, effectScope, nextTick, ref, type EffectScope } from 'vue'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { DeskError } from '../api/client.js'
import type { ConversationView } from '../api/views.js'
import { createI18n } from '../locales/i18n.js'
import { conversationOf } from '../testing.js'
import { createConversations } from './conversations.js'
import { createOpenReader, type OpenReader } from './open-reader.js'

let served: Map<number, ConversationView>
let found: ConversationView[]
let went: string[]
let said: string[]
let scope: EffectScope
const opened = ref<number | null>(null)
let conversations: ReturnType<typeof createConversations>
let reader: OpenReader

beforeEach(() => {
  served = new Map()
  found = []
  went = []
  said = []
  opened.value = null
  conversations = createConversations()
  scope = effectScope()
  scope.run(() => {
    reader = createOpenReader({
      client: {
        async conversation(id) {
          const view = served.get(id)
          if (!view) throw new DeskError('not_found', '', 404)
          return view
        },
        conversations: async () => ({ items: found, next: null }),
        present: async () => undefined,
      },
      i18n: createI18n(ref('en')),
      router: {
        route: ref({ page: 'conversations', argument: '', detail: '' }),
        go: () => undefined,
        replace: (page, argument = '') => void went.push(`${page}/${argument}`),
        hold: () => () => undefined,
      },
      toasts: { say: (text) => void said.push(text) },
      problem: () => undefined,
      conversations,
      selected: computed(() => opened.value),
      threads: {
        open: () => ({
          messages: [],
          pending: [],
          next: undefined,
          loading: false,
          failed: false,
          fresh: { count: 0, upTo: 0 },
          leftAt: null,
        }),
      },
      markRead: () => undefined,
    })
  })
})
afterEach(() => {
  scope.stop()
})

it('reads a conversation that is not known when it is opened', async () => {
  served.set(7, conversationOf({ id: 7 }))
  opened.value = 7
  await nextTick()
  await nextTick()
  expect(conversations.byId.has(7)).toBe(true)
  expect(said).toEqual([])
})

it('leaves one that is gone, and says so', async () => {
  conversations.put(conversationOf({ id: 7 }))
  opened.value = 7
  await reader.read()
  expect(conversations.byId.has(7)).toBe(false)
  expect([went, said.length]).toEqual([['conversations/'], 1])
})

it('follows a customer to the number that they have now', async () => {
  const before = conversationOf({ id: 7, openId: 'oA' })
  opened.value = 7
  // The number is another customer's by now.
  served.set(7, conversationOf({ id: 7, openId: 'oB' }))
  found = [conversationOf({ id: 9, openId: 'oA' })]
  await reader.followCustomer(before)
  expect(went).toEqual(['conversations/9'])
  expect(conversations.byId.get(9)?.openId).toBe('oA')
})

it('stays where the number is still theirs', async () => {
  const before = conversationOf({ id: 7, openId: 'oA' })
  opened.value = 7
  served.set(7, before)
  await reader.followCustomer(before)
  expect(went).toEqual([])
})
