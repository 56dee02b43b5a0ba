import { expect, it } from 'vitest'
import { messageOf } from '../testing.js'
import type { MessageView } from '../api/views.js'
import { firstFreshOf, incomingSince, threadItems, type ThreadItem } from './thread-items.js'
import { timesIn } from './time.js'

const at = (text: string): number => Date.parse(`${text}+08:00`)
const times = timesIn('Asia/Shanghai', 'zh-CN')
const all = (messages: MessageView[], fresh: { count: number; upTo: number }, zone = times): ThreadItem[] =>
  threadItems(messages, { from: 0, to: messages.length }, firstFreshOf(messages, fresh), zone)
const words = (items: ThreadItem[]): string[] =>
  items.map((item) =>
    item.kind === 'message'
      ? `${item.joinsAbove ? '^' : ''}${item.message.id}${item.joinsBelow ? 'v' : ''}`
      : item.kind,
  )

it('has a line for each day, groups of one sender, and one before what is new', () => {
  const messages = [
    messageOf({ id: 1, createdAt: at('2026-07-30T10:00:00') }),
    messageOf({ id: 2, createdAt: at('2026-07-31T10:00:00') }),
    messageOf({ id: 3, createdAt: at('2026-07-31T10:01:00') }),
    messageOf({ id: 4, createdAt: at('2026-07-31T10:01:30'), direction: 'outgoing', author: 'agent:1' }),
    messageOf({ id: 5, createdAt: at('2026-07-31T10:09:00') }),
    messageOf({ id: 6, createdAt: at('2026-07-31T10:09:05') }),
  ]
  expect(words(all(messages, { count: 2, upTo: 6 }))).toEqual([
    'day',
    '1',
    'day',
    '2v',
    '^3',
    '4',
    'fresh',
    '5v',
    '^6',
  ])
  // A part of it is as it is in the whole: the groups go on across its edges, and no day begins where none does.
  expect(words(threadItems(messages, { from: 2, to: 5 }, 5, times))).toEqual(['^3', '4', 'fresh', '5v'])
  expect(words(threadItems(messages, { from: 1, to: 2 }, null, times))).toEqual(['day', '2v'])
})

it('what came while it is open is not behind the line', () => {
  const messages = [messageOf({ id: 1 }), messageOf({ id: 2 })]
  const lines = (count: number, upTo: number): number =>
    all(messages, { count, upTo }).filter(({ kind }) => kind === 'fresh').length
  expect([lines(0, 2), lines(1, 1), lines(9, 2)]).toEqual([0, 1, 1])
})

it('a day ends where it ends in the zone', () => {
  // 23:30 and 00:30 in Shanghai: in UTC they are of one day.
  const messages = [
    messageOf({ id: 1, createdAt: Date.parse('2026-07-30T15:30:00Z') }),
    messageOf({ id: 2, createdAt: Date.parse('2026-07-30T16:30:00Z') }),
  ]
  const days = (zone: string): number =>
    all(messages, { count: 0, upTo: 2 }, timesIn(zone, 'zh-CN')).filter(({ kind }) => kind === 'day').length
  expect([days('Asia/Shanghai'), days('UTC')]).toEqual([2, 1])
})

it('what is new is counted from the end, and costs what is new and not what is there', () => {
  let reads = 0
  const messages = Array.from({ length: 5000 }, (_, index) => {
    const message = messageOf({ id: index + 1, direction: index % 2 === 0 ? 'incoming' : 'outgoing' })
    return Object.defineProperty({ ...message }, 'direction', {
      get() {
        reads++
        return message.direction
      },
    })
  })
  expect(incomingSince(messages, 4990)).toBe(5)
  expect(firstFreshOf(messages, { count: 3, upTo: 5000 })).toBe(4995)
  expect(words(threadItems(messages, { from: 4000, to: 4050 }, null, times))).toHaveLength(50)
  expect(reads).toBeLessThan(400)
})
