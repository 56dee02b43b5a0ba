import { expect, it } from 'vitest'
import { replyKeyGuard } from './reply-key.js'

const key = (name: string, timeStamp: number, ctrlKey = false) => ({
  key: name,
  timeStamp,
  ctrlKey,
  metaKey: false,
  altKey: false,
})

it('takes the first R soon after the caret came by itself for a command, and nothing else', () => {
  const guard = replyKeyGuard()
  expect(guard.swallows(key('r', 10))).toBe(false)
  guard.arm(100)
  expect(guard.swallows(key('R', 300))).toBe(true)
  expect(guard.swallows(key('r', 301))).toBe(false)
  guard.arm(1000)
  expect(guard.swallows(key('w', 1100))).toBe(false)
  expect(guard.swallows(key('r', 1200))).toBe(false)
  guard.arm(2000)
  expect(guard.swallows(key('r', 4000))).toBe(false)
  guard.arm(5000)
  expect(guard.swallows(key('r', 5100, true))).toBe(false)
  guard.arm(6000)
  guard.disarm()
  expect(guard.swallows(key('r', 6100))).toBe(false)
})
