import { expect, it } from 'vitest'
import type { PhoneMessage } from '../../../src/emulator/protocol.js'
import { timeline } from './timeline.js'

const message = (id: string, at: number): PhoneMessage => ({
  id,
  sequence: 1,
  appId: 'wx1',
  openId: 'o1',
  from: 'user',
  at,
  content: { msgType: 'text', content: id },
})

it('names the time at the start and after a pause of more than five minutes', () => {
  const minute = 60_000
  const items = timeline([
    message('a', 0),
    message('b', 5 * minute),
    message('c', 10 * minute + 1),
    message('d', 11 * minute),
  ])
  expect(items.map((item) => (item.kind === 'time' ? `at ${item.at}` : item.message.id))).toEqual([
    'at 0',
    'a',
    'b',
    `at ${10 * minute + 1}`,
    'c',
    'd',
  ])
  expect(new Set(items.map((item) => item.key)).size).toBe(items.length)
})

it('draws nothing for an empty chat', () => {
  expect(timeline([])).toEqual([])
})
