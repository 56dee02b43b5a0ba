import { describe, expect, it } from 'vitest'
import type { AppSettings } from '../config/app-settings.js'
import { readConfig } from '../config/config.js'
import { checkArrivals, checkTroubles } from './check-arrivals.js'
import { checkConfig, checkDisk, checkSettings } from './check-config.js'
import { findingsText, isHealthy, type Finding } from './finding.js'

const good: AppSettings = {
  appId: 'wx0123456789abcdef',
  name: 'shop',
  appSecret: '0123456789abcdef0123456789abcdef',
  token: 'plantedToken',
  encodingAESKey: 'p'.repeat(43),
  mode: 'secure',
}
const levels = (findings: readonly Finding[]): Record<string, string> =>
  Object.fromEntries(findings.map(({ check, level }) => [check, level]))

describe('the doctor', () => {
  it('finds settings well that look like WeChat’s', () => {
    expect(levels(checkSettings(good))).toEqual({ encryption: 'ok' })
  })

  it.each([
    [{ appId: 'shop' }, 'app-id'],
    [{ appSecret: 'planted' }, 'app-secret'],
    [{ token: 'a-b' }, 'token-form'],
    [{ mode: 'plain' }, 'encryption'],
    [{ mode: 'compatible' }, 'encryption'],
  ] as const)('doubts %j', (change, check) => {
    const findings = checkSettings({ ...good, ...change })
    expect(levels(findings)).toMatchObject({ [check]: 'warn' })
    expect(JSON.stringify(findings)).not.toMatch(/planted|pppp/)
  })

  it.each([
    ['https://kefu.example.com', 'ok'],
    ['http://kefu.example.com', 'warn'],
    ['https://kefu.example.com:8443', 'warn'],
    ['https://localhost', 'warn'],
    ['https://192.168.1.5', 'warn'],
    ['https://[::1]', 'warn'],
  ])('looks whether WeChat can push to %s', (url, level) => {
    expect(levels(checkConfig(readConfig({ KEFU_PUBLIC_URL: url }), 1))).toMatchObject({
      'public-url': level,
    })
  })

  it('needs a Mini Program and wants a public address', () => {
    expect(levels(checkConfig(readConfig({}), 0))).toEqual({ apps: 'fail', 'public-url': 'warn' })
  })

  it('wants the proxy named where there is one', () => {
    const url = { KEFU_PUBLIC_URL: 'https://kefu.example.com' }
    expect(levels(checkConfig(readConfig(url), 1))).toMatchObject({ 'trust-proxy': 'warn' })
    const whole = { ...url, KEFU_TRUST_PROXY: 'loopback', KEFU_API_KEY: 'x'.repeat(32) }
    expect(levels(checkConfig(readConfig(whole), 1))).toEqual({ apps: 'ok', 'public-url': 'ok' })
  })

  it.each([{ KEFU_PUBLIC_URL: 'https://kefu.example.com' }, { KEFU_TRUST_PROXY: 'loopback' }])(
    'says that nobody can read the metrics without a key and with %o',
    (environment) => {
      const [found] = checkConfig(readConfig(environment), 1).filter(({ check }) => check === 'metrics')
      expect(found).toMatchObject({ level: 'ok', todo: { en: expect.stringContaining('Bearer') as string } })
    },
  )

  it('looks whether the disk has room', async () => {
    expect((await checkDisk(process.cwd()))[0]?.check).toBe('disk')
  })

  it('names the four traps in which a right URL gets no pushes, while none arrive', () => {
    const now = 1_900_000_000_000
    const traps = {
      'push-enabled': 'warn',
      'diverted-to-platform': 'warn',
      'diverted-to-function': 'warn',
      'diverted-to-hosting': 'warn',
      'diverted-to-ai': 'warn',
      'push-paused': 'warn',
    }
    expect(checkArrivals('wx1', { latest: undefined, now }).every(({ todo }) => todo !== undefined)).toBe(
      true,
    )
    expect(levels(checkArrivals('wx1', { latest: undefined, now }))).toEqual(traps)
    expect(levels(checkArrivals('wx1', { latest: now - 25 * 3_600_000, now }))).toEqual(traps)
    expect(levels(checkArrivals('wx1', { latest: now - 60_000, now }))).toEqual({ arrivals: 'ok' })
  })

  it('says what pushes that were not taken mean', () => {
    expect(checkTroubles({ refused: 0, unreadable: 0, failed: 0 })).toEqual([])
    expect(levels(checkTroubles({ refused: 2, unreadable: 1, failed: 3 }))).toEqual({
      refused: 'warn',
      unreadable: 'fail',
      failed: 'warn',
    })
  })

  it('writes both languages, a mark and what to do, and sums up', () => {
    const findings: Finding[] = [
      { check: 'a', level: 'ok', found: { zh: '好', en: 'Good.' } },
      {
        check: 'b',
        app: 'wx1',
        level: 'fail',
        found: { zh: '坏', en: 'Bad.' },
        todo: { zh: '修', en: 'Mend.' },
      },
    ]
    expect(findingsText(findings, false).split('\n')).toEqual([
      '✓ 好',
      '  Good.',
      '✗ wx1: 坏',
      '  Bad.',
      '  → 修',
      '  → Mend.',
      '',
      '1 项有问题，0 项请留意。 1 to mend, 0 worth a look.',
    ])
    expect(findingsText(findings, true)).toContain('\u001b[31m✗\u001b[0m')
    expect(isHealthy(findings)).toBe(false)
    expect(isHealthy(findings.slice(0, 1))).toBe(true)
  })
})
