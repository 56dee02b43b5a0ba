import { describe, expect, it } from 'vitest'
import type { ConversationView, MessageView } from '../api/views.js'
import { conversationOf, messageOf } from '../testing.js'
import { callsOf, createRinger, isHandOver, keyOf, readHanded, writeHanded, type Call } from './calls.js'

const me = { id: 1, name: '我' }
const line = (change: Partial<MessageView>): MessageView =>
  messageOf({ id: 9, direction: 'system', author: 'system', msgType: 'system', ...change })
const mine = (change: Partial<ConversationView> = {}): ConversationView =>
  conversationOf({ id: 4, status: 'assigned', agent: me, epoch: 3, unread: 1, ...change })
const nothing = { meId: 1, handed: new Map(), seen: new Map() }
const keys = (calls: Call[]): string[] => calls.map(keyOf)

describe('what calls', () => {
  it('is everybody who waits, whoever looks, until somebody has them', () => {
    const waiting = conversationOf({ id: 1, status: 'waiting', waitingSince: 1000 })
    const seen = new Map([[1, waiting.epoch]])
    expect(keys(callsOf([waiting], { ...nothing, seen }))).toEqual(['1 waiting 1000'])
    for (const status of ['assigned', 'bot', 'closed'] as const)
      expect(callsOf([{ ...waiting, status, agent: { id: 2, name: '李四' } }], nothing)).toEqual([])
  })

  it('is whom a colleague or a program gave to me, and not whom I took', () => {
    const says = (change: Partial<MessageView>): boolean => isHandOver(line(change), 1)
    expect(says({ line: 'assign', agentId: 2, to: 1 })).toBe(true)
    expect(says({ line: 'take', agentId: null, to: 1 })).toBe(true)
    expect(says({ line: 'take', agentId: 1, to: 1 })).toBe(false)
    expect(says({ line: 'assign', agentId: 1, to: 1 })).toBe(false)
    expect(says({ line: 'assign', agentId: 2, to: 3 })).toBe(false)
    expect(says({ line: 'abandon', agentId: 1 })).toBe(false)
  })

  it('outlives a reload for the same agent, and whatever was kept otherwise is nothing', () => {
    const handed = new Map([[4, { epoch: 3, isMarked: true }]])
    expect(readHanded(1, writeHanded(1, handed))).toEqual(handed)
    for (const text of [null, '', '7', '{"agent":1,"handed":[[1],"x",[1,2,3]]}', writeHanded(2, handed)])
      expect(readHanded(1, text).size).toBe(0)
  })

  it('goes on when the customer writes, and ends when I look, here or elsewhere, or have it no more', () => {
    const handed = new Map([[4, { epoch: 3, isMarked: true }]])
    const now = (change: Partial<ConversationView>, seen = new Map<number, number>()): number =>
      callsOf([mine(change)], { meId: 1, handed, seen }).length
    expect(now({ unread: 2 })).toBe(1)
    expect(now({ unread: 0 })).toBe(0)
    expect(now({}, new Map([[4, 3]]))).toBe(0)
    // Looked at when it was handed over before: that was another time.
    expect(now({}, new Map([[4, 1]]))).toBe(1)
    expect(now({ epoch: 4 })).toBe(0)
    expect(now({ agent: { id: 2, name: '李四' } })).toBe(0)
    expect(now({ status: 'closed', agent: null })).toBe(0)
  })

  it('has no unread mark where the customer has written nothing, and calls all the same until I look', () => {
    const handed = new Map([[4, { epoch: 3, isMarked: false }]])
    expect(callsOf([mine({ unread: 0 })], { meId: 1, handed, seen: new Map() })).toHaveLength(1)
    expect(callsOf([mine({ unread: 0 })], { meId: 1, handed, seen: new Map([[4, 3]]) })).toHaveLength(0)
  })
})

describe('when it sounds', () => {
  const [one, other]: [Call, Call] = [
    { id: 1, why: 'waiting', since: 1 },
    { id: 2, why: 'handed', since: 5 },
  ]

  it('is at once, for each that is new, and again while anything calls', () => {
    const { ask } = createRinger(30_000)
    expect(ask([], 0)).toEqual({ sounds: false, againInMs: null })
    expect(ask([one], 1000)).toEqual({ sounds: true, againInMs: 30_000 })
    expect(ask([one], 11_000)).toEqual({ sounds: false, againInMs: 20_000 })
    expect(ask([one, other], 12_000)).toEqual({ sounds: true, againInMs: 30_000 })
    expect(ask([other], 13_000)).toEqual({ sounds: false, againInMs: 29_000 })
    expect(ask([other], 42_000)).toEqual({ sounds: true, againInMs: 30_000 })
    expect(ask([], 43_000)).toEqual({ sounds: false, againInMs: null })
  })

  it('is at once for a wait that begins anew', () => {
    const { ask } = createRinger(30_000)
    ask([one], 0)
    expect(ask([{ ...one, since: 2 }], 10).sounds).toBe(true)
    ask([], 20)
    expect(ask([{ ...one, since: 2 }], 30).sounds).toBe(true)
  })
})
