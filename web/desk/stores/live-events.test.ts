import { beforeEach, expect, it } from 'vitest'
import type { Pending } from '../conversations/composer/machine/pending.js'
import type { ConversationView, MessageView } from '../api/views.js'
import { conversationOf, messageOf } from '../testing.js'
import { createConversations, type Conversations } from '../conversations/conversations.js'
import { createEventApplier } from './live-events.js'
import { createThreads, type Threads } from '../conversations/thread/threads.js'

let conversations: Conversations
let threads: Threads
let heard: number[]
let counted: number
let apply: ReturnType<typeof createEventApplier>

beforeEach(() => {
  conversations = createConversations()
  const client = { messages: async () => ({ items: [], next: null }) }
  threads = createThreads(client as unknown as Parameters<typeof createThreads>[0], () => undefined)
  ;[heard, counted] = [[], 0]
  apply = createEventApplier({
    meId: 1,
    conversations,
    threads,
    alerts: { heard: ({ id }) => heard.push(id), told: () => undefined },
    markRead: () => undefined,
    countsLater: () => counted++,
    agentsChanged: () => undefined,
  })
})
const mine = (place: number): ConversationView =>
  conversationOf({
    id: 7,
    status: 'assigned',
    agent: { id: 1, name: '我' },
    lastMessage: messageOf({ id: place, conversationId: 7 }),
    sequence: place,
  })
const message = (change: Partial<MessageView>): MessageView => messageOf({ conversationId: 7, ...change })

it('rings once for a new message of one’s own customer, however often it is told', () => {
  apply({ type: 'conversation', conversation: mine(1) })
  apply({ type: 'message', message: message({ id: 2 }), conversation: mine(2) })
  apply({ type: 'message', message: message({ id: 2 }), conversation: mine(2) })
  apply({
    type: 'message',
    message: message({ id: 3, direction: 'outgoing', author: 'bot' }),
    conversation: mine(3),
  })
  expect(heard).toEqual([7])
})

it('asks for counts when a conversation goes to another tab, not for each message', () => {
  apply({ type: 'conversation', conversation: mine(1) })
  apply({ type: 'message', message: message({ id: 2 }), conversation: mine(2) })
  expect(counted).toBe(1)
  apply({ type: 'conversation', conversation: { ...mine(3), status: 'closed', agent: null, epoch: 2 } })
  expect(counted).toBe(2)
})

it('the message of mine that the stream tells is the one that is pending', () => {
  const pending = (clientId: string, content: string): Pending => ({
    clientId,
    conversationId: 7,
    kind: 'reply',
    message: { msgType: 'text', content },
    state: 'sending',
    problem: null,
    isUnsure: false,
    name: clientId,
    actions: null,
  })
  threads.setPending(7, [pending('a', '您好'), pending('b', '稍等')])
  const sent = message({ id: 2, direction: 'outgoing', author: 'agent:1', state: 'queued', content: '您好' })
  apply({ type: 'message', message: sent, conversation: mine(2) })
  expect(threads.peek(7)?.pending.map(({ clientId }) => clientId)).toEqual(['b'])
  // What becomes of it later is about itself.
  threads.setPending(7, [pending('b', '稍等'), pending('c', '您好')])
  apply({ type: 'message', message: { ...sent, state: 'accepted' }, conversation: mine(2) })
  expect(threads.peek(7)?.pending.map(({ clientId }) => clientId)).toEqual(['b', 'c'])
})

it('who looks is others', () => {
  const me = { id: 1, name: '我', typing: false }
  const other = { id: 2, name: '李四', typing: true }
  apply({ type: 'presence', conversationId: 7, agents: [me, other] })
  expect(conversations.present.get(7)).toEqual([other])
  apply({ type: 'presence', conversationId: 7, agents: [me] })
  expect(conversations.present.has(7)).toBe(false)
})
