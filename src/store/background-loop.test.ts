import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { BackgroundLoop, type BackgroundLoopOptions } from './background-loop.js'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A loop whose passes are let end one by one. */
function looping(options: Partial<BackgroundLoopOptions> = {}) {
  const seen = { passes: 0, errors: [] as unknown[] }
  const ends: ((next: 'again' | number | Error | undefined) => void)[] = []
  const loop = new BackgroundLoop({
    onError: (error) => seen.errors.push(error),
    ...options,
    pass: () => {
      seen.passes++
      return new Promise((resolve, reject) => {
        ends.push((next) => {
          if (next instanceof Error) reject(next)
          else resolve(next)
        })
      })
    },
  })
  const end = async (next?: 'again' | number | Error): Promise<void> => {
    ends.shift()?.(next)
    await vi.advanceTimersByTimeAsync(0)
  }
  return { loop, end, seen }
}

it('runs one pass at a time, and one more for all who called meanwhile', async () => {
  const { loop, end, seen } = looping()
  loop.wake()
  loop.wake()
  loop.wake()
  expect(seen.passes).toBe(1)
  await end()
  expect(seen.passes).toBe(2)
  await end()
  expect(seen.passes).toBe(2)
})

it('goes on by itself: at once, when its pass says so, and at least every so often', async () => {
  const { loop, end, seen } = looping({ everyMs: 1000 })
  loop.start()
  await vi.advanceTimersByTimeAsync(999)
  expect(seen.passes).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(seen.passes).toBe(1)
  await end('again')
  expect(seen.passes).toBe(2)
  await end(300)
  await vi.advanceTimersByTimeAsync(299)
  expect(seen.passes).toBe(2)
  await vi.advanceTimersByTimeAsync(1)
  expect(seen.passes).toBe(3)
  await end(5000)
  await vi.advanceTimersByTimeAsync(1000)
  expect(seen.passes).toBe(4)
})

it('goes on after a pass that failed', async () => {
  const { loop, end, seen } = looping({ retryMs: 50 })
  loop.wake()
  await end(new Error('planted'))
  expect(seen.errors).toEqual([new Error('planted')])
  await vi.advanceTimersByTimeAsync(50)
  expect(seen.passes).toBe(2)
})

it('of two times keeps the earlier', async () => {
  const { loop, seen } = looping()
  loop.wakeIn(500)
  loop.wakeIn(100)
  loop.wakeIn(900)
  await vi.advanceTimersByTimeAsync(100)
  expect(seen.passes).toBe(1)
})

it('waits at its stop for the pass that runs, and runs no other', async () => {
  const { loop, end, seen } = looping({ everyMs: 10 })
  loop.wake()
  loop.wake()
  let isStopped = false
  const stopping = loop.stop().then(() => {
    isStopped = true
  })
  await vi.advanceTimersByTimeAsync(100)
  expect(isStopped).toBe(false)
  await end('again')
  await stopping
  loop.wake()
  loop.wakeIn(0)
  await vi.advanceTimersByTimeAsync(100)
  expect(seen.passes).toBe(1)
})
