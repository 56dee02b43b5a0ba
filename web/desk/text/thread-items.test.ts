import { expect, it } from 'vitest'
import { messageOf } from '../testing.js'
import { threadItems } from './thread-items.js'
import { timesIn } from './time.js'

const at = (text: string): number => Date.parse(`${text}+08:00`)
const times = timesIn('Asia/Shanghai', 'zh-CN')

it('has a line for each day, groups of one sender, and one before what is new', () => {
  const messages = [
    messageOf({ id: 1, createdAt: at('2026-07-30T10:00:00') }),
    messageOf({ id: 2, createdAt: at('2026-07-31T10:00:00') }),
    messageOf({ id: 3, createdAt: at('2026-07-31T10:01:00') }),
    messageOf({ id: 4, createdAt: at('2026-07-31T10:01:30'), direction: 'outgoing', author: 'agent:1' }),
    messageOf({ id: 5, createdAt: at('2026-07-31T10:09:00') }),
    messageOf({ id: 6, createdAt: at('2026-07-31T10:09:05') }),
  ]
  const shown = threadItems(messages, { count: 2, upTo: 6 }, times).map((item) =>
    item.kind === 'message'
      ? `${item.joinsAbove ? '^' : ''}${item.message.id}${item.joinsBelow ? 'v' : ''}`
      : item.kind,
  )
  expect(shown).toEqual(['day', '1', 'day', '2v', '^3', '4', 'fresh', '5v', '^6'])
})

it('what came while it is open is not behind the line', () => {
  const messages = [messageOf({ id: 1 }), messageOf({ id: 2 })]
  const lines = (count: number, upTo: number): number =>
    threadItems(messages, { count, upTo }, times).filter(({ kind }) => kind === 'fresh').length
  expect([lines(0, 2), lines(1, 1), lines(9, 2)]).toEqual([0, 1, 1])
})

it('a day ends where it ends in the zone', () => {
  // 23:30 and 00:30 in Shanghai: in UTC they are of one day.
  const messages = [
    messageOf({ id: 1, createdAt: Date.parse('2026-07-30T15:30:00Z') }),
    messageOf({ id: 2, createdAt: Date.parse('2026-07-30T16:30:00Z') }),
  ]
  const days = (zone: string): number =>
    threadItems(messages, { count: 0, upTo: 2 }, timesIn(zone, 'zh-CN')).filter(({ kind }) => kind === 'day')
      .length
  expect([days('Asia/Shanghai'), days('UTC')]).toEqual([2, 1])
})
