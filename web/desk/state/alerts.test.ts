import { nextTick, ref } from 'vue'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { ConversationView } from '../api/views.js'
import { conversationOf } from '../testing.js'
import { createAlerts, repeatMs, type Alerts } from './alerts.js'
import { createConversations, type Conversations } from './conversations.js'
import { defaultSettings, type Settings } from './settings.js'

let conversations: Conversations
let settings: Settings
let alerts: Alerts
let rung: string[]
let noted: number[]
let said: unknown[]
let inSight: number | null
let isOnDuty: boolean
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
  ;[rung, noted, said, inSight, isOnDuty] = [[], [], [], null, true]
  rings.value = true
  alerts = createAlerts({
    conversations,
    settings,
    meId: 1,
    isOnDuty: () => isOnDuty,
    inSight: () => inSight,
    rings,
    ring: (why) => rung.push(why),
    notify: ({ id }) => noted.push(id),
    channel,
  })
})
afterEach(() => {
  alerts.close()
  vi.useRealTimers()
})

it('rings when a customer begins to wait, and every 30 s until somebody looks', async () => {
  conversations.put(waiting(1))
  await nextTick()
  expect(rung).toEqual(['waiting'])
  vi.advanceTimersByTime(2 * repeatMs)
  expect(rung).toHaveLength(3)
  expect(noted).toEqual([1])
  alerts.saw(1)
  await nextTick()
  vi.advanceTimersByTime(5 * repeatMs)
  expect(rung).toHaveLength(3)
  expect(said).toEqual([1])
})

it('a customer who waits anew calls anew', async () => {
  conversations.put(waiting(1))
  alerts.saw(1)
  await nextTick()
  conversations.put(waiting(1, 2000, { epoch: 5 }))
  await nextTick()
  expect(rung).toEqual(['waiting'])
})

it('stops when a colleague takes it or looks at it, and when another tab of this browser did', async () => {
  conversations.put(waiting(1))
  conversations.put(waiting(2))
  conversations.put(waiting(3))
  await nextTick()
  conversations.put(waiting(1, 1000, { status: 'assigned', agent: { id: 2, name: '李四' }, epoch: 2 }))
  conversations.setPresent(2, [{ id: 2, name: '李四', typing: false }])
  channel.onmessage?.call(new BroadcastChannel('test'), new MessageEvent('message', { data: 3 }))
  await nextTick()
  rung = []
  vi.advanceTimersByTime(5 * repeatMs)
  expect(rung).toEqual([])
})

it('is silent when another tab rings, when off duty, and when sound is off', async () => {
  rings.value = false
  conversations.put(waiting(1))
  await nextTick()
  rings.value = true
  isOnDuty = false
  conversations.put(waiting(2))
  await nextTick()
  isOnDuty = true
  settings.sound = false
  conversations.put(waiting(3))
  await nextTick()
  expect(rung).toEqual([])
  expect(noted).toEqual([1, 2, 3])
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
