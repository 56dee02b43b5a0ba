import { expect, it } from 'vitest'
import { conversationOf, messageOf } from '../testing.js'
import { createConversations } from './conversations.js'

const at = (sequence: number, change: object = {}) => conversationOf({ id: 1, epoch: 3, sequence, ...change })

it('takes the state of the higher sequence, whatever the clocks say', () => {
  const conversations = createConversations()
  conversations.put(at(10, { updatedAt: 1_000_000, unread: 1 }))
  // The service’s clock was put back ten minutes: what comes now is older by it, and newer by the sequence.
  conversations.put(at(11, { updatedAt: 400_000, unread: 2 }))
  expect(conversations.byId.get(1)).toMatchObject({ sequence: 11, unread: 2 })
  conversations.put(at(9, { updatedAt: 2_000_000, unread: 7 }))
  expect(conversations.byId.get(1)).toMatchObject({ sequence: 11, unread: 2 })
})

it('takes a later owner whatever else is said', () => {
  const conversations = createConversations()
  conversations.put(at(10))
  conversations.put(at(8, { epoch: 4, status: 'closed' }))
  expect(conversations.byId.get(1)?.status).toBe('closed')
})

it('after the service was set back, takes what it says, and goes on from there', () => {
  const conversations = createConversations()
  conversations.put(at(900, { epoch: 9, status: 'assigned' }))
  conversations.markRead(1, 800)
  conversations.distrust()
  // What is not heard of yet stays in sight until it is.
  expect(conversations.byId.get(1)?.status).toBe('assigned')
  const restored = at(20, { epoch: 2, status: 'waiting', unread: 3, lastMessage: messageOf({ id: 19 }) })
  conversations.put(restored)
  expect(conversations.byId.get(1)).toMatchObject({ epoch: 2, status: 'waiting', unread: 3 })
  conversations.put(at(18, { epoch: 2, status: 'bot' }))
  expect(conversations.byId.get(1)?.status).toBe('waiting')
  conversations.put(at(21, { epoch: 2, status: 'waiting', unread: 4, lastMessage: messageOf({ id: 21 }) }))
  expect(conversations.byId.get(1)?.unread).toBe(4)
})
