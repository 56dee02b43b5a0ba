import { expect, it } from 'vitest'
import { memoryStorage } from '../../testing-storage.js'
import { olderLeftovers, removeOlder } from './older-page.js'

const left = (): Storage =>
  memoryStorage({
    'kefu.desk.settings': '{}',
    'kefu.desk.draft.7': '{"id":"a","reply":"写到一半","note":""}',
    'kefu.desk.draft.8': 'nonsense',
    'kefu.desk.outgoing.b':
      '{"clientId":"b","conversationId":7,"message":{"msgType":"text","content":"没发出"},"at":5}',
    'kefu.desk.outgoing.c': '{"clientId":5}',
  })

it('reads what an older page left, by conversation', () => {
  expect(olderLeftovers(left())).toEqual([
    {
      conversationId: 7,
      texts: [{ kind: 'reply', text: '写到一半' }],
      messages: [{ clientId: 'b', message: { msgType: 'text', content: '没发出' }, at: 5 }],
    },
  ])
})

it('removes all of it and nothing else, or that of one conversation', () => {
  const storage = left()
  removeOlder(storage, 7)
  expect(olderLeftovers(storage)).toEqual([])
  expect(storage.length).toBe(3)
  removeOlder(storage)
  expect(storage.key(0)).toBe('kefu.desk.settings')
  expect(storage.length).toBe(1)
})
