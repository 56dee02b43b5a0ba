import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { memoryStorage } from '../testing-storage.js'
import { openDrafts, submitId } from './drafts.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

let count = 0
const open = (storage: Storage): ReturnType<typeof openDrafts> =>
  openDrafts({ storage, newId: () => `draft${++count}` })

it('a draft is kept after a pause and is there again after a reload', () => {
  const storage = memoryStorage()
  const drafts = open(storage)
  drafts.of(7).reply = '您好，'
  drafts.changed(7)
  expect(open(storage).of(7).reply).toBe('')
  vi.advanceTimersByTime(500)
  const again = open(storage).of(7)
  expect(again).toEqual({ id: drafts.of(7).id, reply: '您好，', note: '' })
  expect(open(storage).of(8).reply).toBe('')
})

it('what is on the page is kept at once when the page goes', () => {
  const storage = memoryStorage()
  const drafts = open(storage)
  drafts.of(7).note = '注意'
  drafts.changed(7)
  drafts.flush()
  expect(open(storage).of(7).note).toBe('注意')
})

it('what was sent is gone, and what is written next has another name', () => {
  const storage = memoryStorage()
  const drafts = open(storage)
  const { id } = Object.assign(drafts.of(7), { reply: '好的' })
  drafts.done(7, 'reply')
  expect(drafts.of(7).reply).toBe('')
  expect(drafts.of(7).id).not.toBe(id)
  expect(storage.length).toBe(0)
})

it('another tab’s draft comes over, unless one is being written here', () => {
  const storage = memoryStorage()
  const [one, other] = [open(storage), open(storage)]
  one.of(7)
  other.of(7)
  one.of(7).reply = '从一个标签页'
  one.changed(7)
  vi.advanceTimersByTime(500)
  other.storageChanged('kefu.desk.draft.7')
  expect(other.of(7)).toEqual(one.of(7))
  other.of(7).reply = '这里在写'
  other.changed(7)
  other.storageChanged('kefu.desk.draft.7')
  expect(other.of(7).reply).toBe('这里在写')
})

it('one draft with one text is one submit, in any tab; other texts are others', () => {
  expect(submitId('a', '好的')).toBe(submitId('a', '好的'))
  expect(submitId('a', '好的')).not.toBe(submitId('a', '好的。'))
  expect(submitId('a', '好的')).not.toBe(submitId('b', '好的'))
  expect(submitId('x'.repeat(30), '好的'.repeat(5000))).toMatch(/^[\w.:-]{1,62}$/)
})

it('what somebody else put into the storage is no draft', () => {
  const storage = memoryStorage({ 'kefu.desk.draft.7': '{"reply":5}', 'kefu.desk.draft.8': 'nonsense' })
  expect([open(storage).of(7).reply, open(storage).of(8).reply]).toEqual(['', ''])
})
