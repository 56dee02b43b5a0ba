import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { conversationOf } from '../testing.js'
import { createUndo } from './undo.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function page() {
  const asked: [number, number][] = []
  const put: number[] = []
  const undo = createUndo({
    client: {
      undo: async (id, epoch) => {
        asked.push([id, epoch])
        return conversationOf({ id, epoch: epoch + 1, status: 'assigned' })
      },
    },
    conversations: { put: (view) => put.push(view.epoch) },
    run: async (action) => {
      await action()
      return true
    },
    onUndone: () => undefined,
    clock: () => performance.now(),
  })
  const offer = (id = 7) => {
    undo.offer({ what: 'close', view: conversationOf({ id, epoch: 4, status: 'closed' }) }, performance.now())
  }
  return { undo, offer, asked, put }
}

it('takes back what was done last, by the epoch that it made', async () => {
  const { undo, offer, asked, put } = page()
  offer()
  await undo.undo()
  expect([asked, put]).toEqual([[[7, 4]], [5]])
  // A second press does nothing more.
  await undo.undo()
  expect(asked).toHaveLength(1)
})

it('is offered for eight seconds from when it was asked for', () => {
  const { undo, offer } = page()
  offer()
  vi.advanceTimersByTime(7999)
  expect(undo.offered.value).not.toBeNull()
  vi.advanceTimersByTime(1)
  expect(undo.offered.value).toBeNull()
  // On a slow network some of it is over when the answer comes.
  undo.offer({ what: 'release', view: conversationOf() }, performance.now() - 6000)
  vi.advanceTimersByTime(2000)
  expect(undo.offered.value).toBeNull()
  undo.offer({ what: 'release', view: conversationOf() }, performance.now() - 9000)
  expect(undo.offered.value).toBeNull()
})

it('of two that were done quickly the last is offered, for its own eight seconds', () => {
  const { undo, offer } = page()
  offer(1)
  vi.advanceTimersByTime(5000)
  offer(2)
  vi.advanceTimersByTime(5000)
  expect(undo.offered.value?.view.id).toBe(2)
})
