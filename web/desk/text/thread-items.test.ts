import { expect, it } from 'vitest'
import { messageOf } from '../testing.js'
import { threadItems } from './thread-items.js'

const at = (text: string): number => new Date(text).getTime()

it('has a line for each day, groups of one sender, and one before what is new', () => {
  const messages = [
    messageOf({ id: 1, createdAt: at('2026-07-30T10:00:00') }),
    messageOf({ id: 2, createdAt: at('2026-07-31T10:00:00') }),
    messageOf({ id: 3, createdAt: at('2026-07-31T10:01:00') }),
    messageOf({ id: 4, createdAt: at('2026-07-31T10:01:30'), direction: 'outgoing', author: 'agent:1' }),
    messageOf({ id: 5, createdAt: at('2026-07-31T10:09:00') }),
    messageOf({ id: 6, createdAt: at('2026-07-31T10:09:05') }),
  ]
  const shown = threadItems(messages, { count: 2, upTo: 6 }).map((item) =>
    item.kind === 'message'
      ? `${item.joinsAbove ? '^' : ''}${item.message.id}${item.joinsBelow ? 'v' : ''}`
      : item.kind,
  )
  expect(shown).toEqual(['day', '1', 'day', '2v', '^3', '4', 'fresh', '5v', '^6'])
})

it('what came while it is open is not behind the line', () => {
  const messages = [messageOf({ id: 1 }), messageOf({ id: 2 })]
  const lines = (count: number, upTo: number): number =>
    threadItems(messages, { count, upTo }).filter(({ kind }) => kind === 'fresh').length
  expect([lines(0, 2), lines(1, 1), lines(9, 2)]).toEqual([0, 1, 1])
})
