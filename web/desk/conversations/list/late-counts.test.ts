import { effectScope } from 'vue'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createLateCounts } from './late-counts.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it('reads once after a burst, and not more often than once a second', () => {
  let read = 0
  const scope = effectScope()
  const later = scope.run(() =>
    createLateCounts(async () => {
      read++
    }),
  )
  for (let i = 0; i < 5; i++) later?.()
  vi.advanceTimersByTime(149)
  expect(read).toBe(0)
  vi.advanceTimersByTime(1)
  expect(read).toBe(1)
  later?.()
  vi.advanceTimersByTime(999)
  expect(read).toBe(1)
  vi.advanceTimersByTime(1)
  expect(read).toBe(2)
  later?.()
  scope.stop()
  vi.advanceTimersByTime(5000)
  expect(read).toBe(2)
})
