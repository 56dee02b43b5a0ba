import type { Fault, FaultInput } from '../../src/emulator/protocol.js'

/** The faults that the drawer offers, each the smallest input that makes it. */
export const faultPresets = {
  '45015': { errcode: 45015 },
  '45047': { errcode: 45047 },
  busy: { errcode: -1 },
  token: { errcode: 42001 },
  slow: { delayMs: 6000 },
  resetBefore: { reset: 'before' },
  resetAfter: { reset: 'after' },
  badGateway: { status: 502 },
  duplicate: { push: 'duplicate' },
  reorder: { push: 'reorder' },
} as const satisfies Record<string, FaultInput>

/** The name of a fault that the drawer offers. */
export type FaultPreset = keyof typeof faultPresets

export const presetNames: readonly FaultPreset[] = [
  '45015',
  '45047',
  'busy',
  'token',
  'slow',
  'resetBefore',
  'resetAfter',
  'badGateway',
  'duplicate',
  'reorder',
]

/** The API paths that a fault can be narrowed to; the empty one is all of them. */
export const faultPaths = [
  '/cgi-bin/message/custom/send',
  '/cgi-bin/message/custom/typing',
  '/cgi-bin/media/',
  '/cgi-bin/stable_token',
  '/cgi-bin/token',
  '',
] as const

/** Whether it concerns pushes; the others concern API calls. */
export function isPushFault(preset: FaultPreset): boolean {
  return 'push' in faultPresets[preset]
}

/** What to ask the emulator for; an empty path or openId narrows nothing. */
export function faultInput(
  preset: FaultPreset,
  narrowed: { path: string; openId: string; times: number },
): FaultInput {
  const { path, openId, times } = narrowed
  return {
    ...faultPresets[preset],
    times,
    ...(path === '' || isPushFault(preset) ? {} : { path }),
    ...(openId === '' ? {} : { openId }),
  }
}

/** A fault as it was asked for, in the API's own words. */
export function faultText(fault: Fault): string {
  const { path, errcode, delayMs, reset, status, push } = fault
  return Object.entries({ path, errcode, delayMs, reset, status, push })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => (name === 'path' ? String(value) : `${name} ${String(value)}`))
    .join(' · ')
}
