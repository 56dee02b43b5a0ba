import type { UserView } from '../../../src/emulator/protocol.js'

/** How a customer's allowance is to be shown. */
export interface AllowanceLook {
  state: 'none' | 'open' | 'used' | 'expired'
  remaining: number
  leftMs: number
  tone: 'good' | 'warned' | 'bad' | 'plain'
}

const hour = 3_600_000

/** What WeChat would still accept, by the emulator's clock, and how urgent that is. */
export function allowanceLook(user: UserView | undefined, now: number): AllowanceLook {
  const { remaining, expiresAt } = user?.allowance ?? { remaining: 0, expiresAt: 0 }
  const leftMs = Math.max(0, expiresAt - now)
  if (expiresAt === 0) return { state: 'none', remaining: 0, leftMs: 0, tone: 'plain' }
  if (leftMs === 0) return { state: 'expired', remaining: 0, leftMs, tone: 'bad' }
  if (remaining <= 0) return { state: 'used', remaining: 0, leftMs, tone: 'bad' }
  const isShort = leftMs <= 6 * hour || remaining <= 2
  return { state: 'open', remaining, leftMs, tone: isShort ? 'warned' : 'good' }
}
