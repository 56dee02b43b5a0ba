import { limits } from '../wechat/index.js'

const DAY_MS = 24 * 60 * 60 * 1000
/** Between two renewals of the classic token, of which WeChat allows 2000 a day: /doc/subscription/guide/dev/api/ */
const CLASSIC_SPACING_SECONDS = 120

/** Those of the last day, in order; what a clock that was wrong has left counts for nothing. */
export function recent(forcedAt: readonly number[], now: number): number[] {
  return [...new Set(forcedAt)].filter((at) => Math.abs(now - at) < DAY_MS).sort((a, b) => a - b)
}

/**
 * When a token may be ended before its time again: 30 s after the last time, and twice as long with each one of
 * the last day. The stable token allows 20 of them a day, so two hours at most; the classic one two minutes.
 */
export function nextForce(forcedAt: readonly number[], stable: boolean): number {
  const last = forcedAt.at(-1)
  if (last === undefined) return -Infinity
  const spacing = limits.tokenForceIntervalSeconds * 2 ** (forcedAt.length - 1)
  return last + Math.min(spacing, stable ? limits.tokenSeconds : CLASSIC_SPACING_SECONDS) * 1000
}
