import { expect, it } from 'vitest'
import type { UserView } from '../../../src/emulator/protocol.js'
import { allowanceLook } from './allowance.js'

const user = (remaining: number, expiresAt: number): UserView => ({
  appId: 'wx1',
  openId: 'o1',
  allowance: { remaining, expiresAt },
  typingUntil: null,
  officialUntil: null,
})
const hours = (count: number): number => count * 3_600_000
const now = hours(1000)

it.each([
  ['nothing yet', undefined, 'none', 'plain'],
  ['never in contact', user(0, 0), 'none', 'plain'],
  ['plenty', user(5, now + hours(48)), 'open', 'good'],
  ['two left', user(2, now + hours(48)), 'open', 'warned'],
  ['little time', user(5, now + hours(6)), 'open', 'warned'],
  ['none left', user(0, now + hours(48)), 'used', 'bad'],
  ['time is over, whatever the count said', user(3, now), 'expired', 'bad'],
] as const)('shows an allowance with %s', (_name, view, state, tone) => {
  expect(allowanceLook(view, now)).toMatchObject({ state, tone })
})
