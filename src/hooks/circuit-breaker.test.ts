import { expect, it } from 'vitest'
import { PROBE_MS, CircuitBreaker } from './circuit-breaker.js'

it('an endpoint that does not answer five times in a row is asked now and then, until it answers', () => {
  let now = 1_000_000
  const silence = new CircuitBreaker(() => now)
  const told = Array.from({ length: 7 }, () => silence.timedOut(1))
  expect(told).toEqual([false, false, false, false, true, false, false])
  expect(silence.mayAsk(1)).toBe(false)
  expect(silence.mayAsk(2)).toBe(true)
  now += PROBE_MS
  expect([silence.mayAsk(1), silence.mayAsk(1)]).toEqual([true, false])
  // Put back, the clock makes nobody wait for longer.
  now -= 10 * PROBE_MS
  expect(silence.mayAsk(1)).toBe(true)
  silence.answered(1)
  expect([silence.mayAsk(1), silence.mayAsk(1)]).toEqual([true, true])
  expect(silence.timedOut(1)).toBe(false)
})
