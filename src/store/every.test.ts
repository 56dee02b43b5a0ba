import { afterEach, expect, it, vi } from 'vitest'
import { every } from './every.js'

afterEach(() => {
  vi.useRealTimers()
})

it('calls again and again until it is ended', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const act = vi.fn()
  const end = every(100, act)
  vi.advanceTimersByTime(350)
  expect(act).toHaveBeenCalledTimes(3)
  end()
  vi.advanceTimersByTime(1000)
  expect(act).toHaveBeenCalledTimes(3)
})
