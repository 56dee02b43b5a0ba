import { expect, it } from 'vitest'
import type { AllowanceView } from '../api/views.js'
import { canSend, windowLook } from './window-look.js'

const hour = 3_600_000
const look = (change: Partial<AllowanceView>): string => {
  const one = windowLook(
    { remaining: 5, expiresAt: 40 * hour, source: 'message', corrected: false, limit: 5, ...change },
    0,
  )
  return `${one.kind} ${one.tone}`
}

it('is quiet while there is much, and louder as it ends', () => {
  expect(look({})).toBe('open plain')
  expect(look({ remaining: 2 })).toBe('open warned')
  expect(look({ expiresAt: 6 * hour })).toBe('open warned')
  expect(look({ expiresAt: hour })).toBe('open bad')
  expect(look({ remaining: 1 })).toBe('last bad')
  expect(look({ remaining: 0 })).toBe('used bad')
  expect(look({ expiresAt: 0 })).toBe('expired bad')
  expect(look({ expiresAt: null, source: 'none', remaining: 0 })).toBe('expired bad')
  expect(look({ source: 'enter', remaining: 2, expiresAt: 40_000 })).toBe('entered noted')
})

it('allows a message only while WeChat would', () => {
  const base: AllowanceView = { remaining: 1, expiresAt: 10, source: 'message', corrected: false, limit: 5 }
  expect(canSend(base, 9)).toBe(true)
  expect(canSend(base, 10)).toBe(false)
  expect(canSend({ ...base, remaining: 0 }, 9)).toBe(false)
})
