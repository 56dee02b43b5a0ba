import { nextTick, ref, type Ref } from 'vue'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { ConversationView, Presence } from '../api/views.js'
import { conversationOf, messageOf } from '../testing.js'
import { memoryStorage } from '../testing-storage.js'
import { createAlerts, repeatMs, type Alerts } from './alerts.js'
import { createConversations, type Conversations } from '../conversations/conversations.js'
import { defaultSettings, type Settings } from '../settings/settings.js'

let conversations: Conversations
let settings: Settings
let alerts: Alerts
let rung: string[]
let noted: number[]
let said: unknown[]
let inSight: number | null
let status: Ref<Presence>
const rings = ref(true)
const channel: Pick<BroadcastChannel, 'postMessage' | 'onmessage'> = {
  postMessage: (data) => {
    said.push(data)
  },
  onmessage: null,
}
const waiting = (id: number, waitingSince = 1000, change: Partial<ConversationView> = {}): ConversationView =>
  conversationOf({ id, status: 'waiting', waitingSince, ...change })

beforeEach(() => {
  vi.useFakeTimers()
  conversations = createConversations()
  settings = { ...defaultSettings }
  ;[rung, noted, said, inSight, status] = [[], [], [], null, ref('online')]
  rings.value = true
  alerts = createAlerts({
    conversations,
    settings,
    meId: 1,
    status: () => status.value,
    inSight: () => inSight,
    rings,
    ring: (why) => rung.push(why),
    notify: ({ id }) => noted.push(id),
    channel,
    storage: memoryStorage(),
  })
})
afterEach(() => {
  alerts.close()
  vi.useRealTimers()
})

const me = { id: 1, name: '我' }
/** A colleague hands a conversation over, as an event tells it. */
function handOver(id: number, change: Partial<ConversationView> = {}): void {
  const view = conversationOf({ id, status: 'assigned', agent: me, epoch: 7, unread: 1, ...change })
  conversations.put(view)
  alerts.told(
    messageOf({ id: 99, direction: 'system', author: 'system', line: 'assign', agentId: 2, to: 1 }),
    view,
  )
}

it('rings when a customer begins to wait, and every 30 s until somebody has them, whoever looked', async () => {
  conversations.put(waiting(1))
  await nextTick()
  expect(rung).toEqual(['waiting'])
  alerts.saw(1)
  conversations.setPresent(1, [{ id: 2, name: '李四', typing: false }])
  await nextTick()
  vi.advanceTimersByTime(2 * repeatMs)
  expect(rung).toHaveLength(3)
  expect(noted).toEqual([1])
  // Looked at and left, and the customer writes again: nothing has changed.
  conversations.put(waiting(1, 1000, { updatedAt: 5000, unread: 2 }))
  vi.advanceTimersByTime(repeatMs)
  expect(rung).toHaveLength(4)
  conversations.put(waiting(1, 1000, { status: 'assigned', agent: { id: 2, name: '李四' }, epoch: 2 }))
  await nextTick()
  vi.advanceTimersByTime(5 * repeatMs)
  expect(rung).toHaveLength(4)
  expect(alerts.calling.value).toEqual([])
})

it('a customer who waits anew calls anew', async () => {
  conversations.put(waiting(1))
  await nextTick()
  conversations.put(waiting(1, 2000, { epoch: 5 }))
  await nextTick()
  expect(rung).toEqual(['waiting', 'waiting'])
  expect(noted).toEqual([1, 1])
})

it('rings for whom a colleague hands over, every 30 s, until it is looked at in this browser or another', async () => {
  handOver(4)
  await nextTick()
  expect([rung, noted]).toEqual([['handed'], [4]])
  expect([...alerts.handed.value]).toEqual([4])
  vi.advanceTimersByTime(repeatMs)
  expect(rung).toHaveLength(2)
  alerts.saw(4)
  await nextTick()
  vi.advanceTimersByTime(5 * repeatMs)
  expect(rung).toHaveLength(2)
  expect(said).toEqual([4])

  handOver(5)
  handOver(6)
  await nextTick()
  channel.onmessage?.call(new BroadcastChannel('test'), new MessageEvent('message', { data: 5 }))
  conversations.put(
    conversationOf({ id: 6, status: 'assigned', agent: me, epoch: 7, unread: 0, updatedAt: 99 }),
  )
  await nextTick()
  rung = []
  vi.advanceTimersByTime(5 * repeatMs)
  expect(rung).toEqual([])
  // Handed over once more, it calls once more.
  handOver(4, { epoch: 9 })
  await nextTick()
  expect(rung).toEqual(['handed'])
})

it('who waits is heard by who is online alone; who was handed over also by who is busy', async () => {
  status.value = 'busy'
  conversations.put(waiting(1))
  await nextTick()
  expect([rung, noted]).toEqual([[], [1]])
  vi.advanceTimersByTime(3 * repeatMs)
  expect(rung).toEqual([])
  handOver(4)
  await nextTick()
  expect(rung).toEqual(['handed'])
  status.value = 'offline'
  await nextTick()
  rung = []
  vi.advanceTimersByTime(3 * repeatMs)
  expect(rung).toEqual([])
  // It is still there to be seen.
  expect(alerts.calling.value).toHaveLength(2)
  status.value = 'online'
  await nextTick()
  expect(rung).toEqual(['waiting'])
})

it('is silent when another tab rings, when off duty, and when sound is off', async () => {
  rings.value = false
  conversations.put(waiting(1))
  await nextTick()
  expect([rung, noted]).toEqual([[], []])
  settings.sound = false
  status.value = 'offline'
  rings.value = true
  await nextTick()
  expect([rung, noted]).toEqual([[], []])
  status.value = 'online'
  await nextTick()
  conversations.put(waiting(3))
  await nextTick()
  expect(rung).toEqual([])
  expect(noted).toEqual([1, 3])
})

it('rings once for a message of one’s own customer, unless it is in sight', () => {
  const mine = conversationOf({ id: 4, status: 'assigned', agent: { id: 1, name: '我' } })
  alerts.heard(mine)
  inSight = 4
  alerts.heard(mine)
  expect(rung).toEqual(['mine'])
  settings.soundAlways = true
  alerts.heard(mine)
  expect(rung).toEqual(['mine', 'mine'])
})

it('a whole queue that is there at once makes a few notifications, each customer once', async () => {
  for (let id = 1; id <= 500; id++) conversations.put(waiting(id))
  await nextTick()
  expect(noted).toHaveLength(3)
  vi.advanceTimersByTime(3 * repeatMs)
  expect(noted).toHaveLength(3)
  expect(rung.length).toBe(4)
})
