const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/**
 * The pauses after the first, second, … failure: the schedule that Standard Webhooks gives as its example, three
 * days and three hours together. After the last there is no further attempt.
 */
export const retryPauses: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
]

const MAX_WAIT_MS = 24 * HOUR

/**
 * How long to wait after the given number of failed attempts; undefined when that was the last. Up to a tenth is
 * added, so that what failed together does not come back together. `askedMs` is what the receiver asked for by
 * Retry-After: the pause is not shorter.
 */
export function pauseAfter(attempts: number, random: () => number, askedMs = 0): number | undefined {
  const pause = retryPauses[attempts - 1]
  if (pause === undefined) return undefined
  return Math.min(Math.max(pause, askedMs), MAX_WAIT_MS) + Math.round(random() * 0.1 * pause)
}

/** Returns the pause that a Retry-After header asks for, in milliseconds; 0 when it asks for none. */
export function retryAfter(header: string | undefined, now: number): number {
  if (header === undefined) return 0
  if (/^\d{1,9}$/.test(header)) return Number(header) * SECOND
  const at = Date.parse(header)
  return Number.isNaN(at) ? 0 : Math.max(at - now, 0)
}
