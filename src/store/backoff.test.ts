import { expect, it } from 'vitest'
import { backoff } from './backoff.js'

it('doubles up to the longest, and stays there', () => {
  const pauses = backoff(100, 500)
  expect(Array.from({ length: 6 }, () => pauses.next().value)).toEqual([100, 200, 400, 500, 500, 500])
})
