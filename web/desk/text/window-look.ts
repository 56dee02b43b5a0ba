import type { AllowanceView } from '../api/views.js'

/** How what WeChat still allows is to be shown (desk.md §4, the window bar). */
export type WindowLook =
  | { kind: 'open'; tone: 'plain' | 'warned' | 'bad'; remaining: number; leftMs: number; expiresAt: number }
  | { kind: 'last'; tone: 'bad'; remaining: number; leftMs: number; expiresAt: number }
  | { kind: 'entered'; tone: 'noted'; remaining: number; leftMs: number; expiresAt: number }
  | { kind: 'used'; tone: 'bad'; leftMs: number }
  | { kind: 'expired'; tone: 'bad'; corrected: boolean }

const hour = 3_600_000

/** What WeChat still accepts at a moment of the server's clock, and how urgent that is. */
export function windowLook(allowance: AllowanceView, now: number): WindowLook {
  const { remaining, expiresAt, source, corrected } = allowance
  if (source === 'none' || expiresAt === null || expiresAt <= now)
    return { kind: 'expired', tone: 'bad', corrected }
  const leftMs = expiresAt - now
  if (remaining <= 0) return { kind: 'used', tone: 'bad', leftMs }
  const left = { remaining, leftMs, expiresAt }
  if (source === 'enter') return { kind: 'entered', tone: 'noted', ...left }
  if (remaining === 1) return { kind: 'last', tone: 'bad', ...left }
  if (leftMs <= hour) return { kind: 'open', tone: 'bad', ...left }
  const isShort = leftMs <= 6 * hour || remaining === 2
  return { kind: 'open', tone: isShort ? 'warned' : 'plain', ...left }
}

/** Whether WeChat would take a message now. */
export function canSend(allowance: AllowanceView, now: number): boolean {
  const { kind } = windowLook(allowance, now)
  return kind === 'open' || kind === 'last' || kind === 'entered'
}

/** The moments left at which the bar speaks up: 6 h, 1 h, 10 min, 0. */
export const spokenAt = [6 * hour, hour, hour / 6, 0] as const
