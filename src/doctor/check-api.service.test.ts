import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEmulator, type Emulator } from '../emulator/index.js'
import { checkAccount } from './check-api.js'
import { checkClock } from './check-clock.js'
import type { Finding } from './finding.js'

const settings = {
  appId: 'wx0123456789abcdef',
  name: 'shop',
  appSecret: 'deadbeefdeadbeefdeadbeefdeadbeef',
  token: 'plantedToken',
  encodingAESKey: 'p'.repeat(43),
  mode: 'secure',
} as const

let emulator: Emulator
beforeEach(async () => {
  emulator = await createEmulator({ apps: [{ ...settings, pushUrl: 'http://127.0.0.1:1/wechat' }] })
})
afterEach(() => emulator.close())

const levels = (findings: readonly Finding[]): Record<string, string> =>
  Object.fromEntries(findings.map(({ check, level }) => [check, level]))

describe('an account', () => {
  it('is well when WeChat gives a token, has quota left and resolves the push URL', async () => {
    const findings = await checkAccount(settings, emulator.url)
    expect(levels(findings)).toEqual({ token: 'ok', 'ip-whitelist': 'ok', quota: 'ok', callback: 'ok' })
    expect(findings.every(({ app }) => app === settings.appId)).toBe(true)
  })

  it('whose push URL is of another host than ours is told so', async () => {
    const findings = await checkAccount(settings, emulator.url, 'https://192.0.2.7')
    expect(levels(findings)).toMatchObject({ callback: 'ok', 'callback-host': 'warn' })
    expect(findings.at(-1)?.found.en).toContain('WeChat pushes to 127.0.0.1')
    const same = await checkAccount(settings, emulator.url, 'http://127.0.0.1:3000')
    expect(levels(same)).not.toHaveProperty('callback-host')
    const nameless = await checkAccount(settings, emulator.url, 'https://nothing.invalid')
    expect(levels(nameless)).not.toHaveProperty('callback-host')
  })

  it('with a wrong AppSecret is told so, in WeChat’s words and with what to do', async () => {
    const findings = await checkAccount({ ...settings, appSecret: 'wrong-planted' }, emulator.url)
    expect(levels(findings)).toEqual({ token: 'fail' })
    expect(findings[0]?.found.en).toContain('40125')
    expect(findings[0]?.todo?.zh).toContain('AppSecret')
    expect(JSON.stringify(findings)).not.toContain('planted')
  })

  it('whose machine is not on the IP whitelist learns which address to add', async () => {
    const wechat = createServer((_req, res) => {
      res.end(
        JSON.stringify({
          errcode: 40164,
          errmsg:
            'invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: 61725984-6126f6f9-040f19c4',
        }),
      )
    })
    const url = await listening(wechat)
    const findings = await checkAccount(settings, url)
    wechat.close()
    expect(levels(findings)).toEqual({ 'ip-whitelist': 'fail' })
    expect(findings[0]?.todo?.zh).toMatch(/IP 白名单 中添加 203\.0\.113\.9/)
    expect(findings[0]?.todo?.en).toMatch(/^Add 203\.0\.113\.9 at mp\.weixin\.qq\.com/)
  })

  it('learns it from the emulated WeChat, too', async () => {
    emulator.faults.add({ path: '/cgi-bin/stable_token', errcode: 40164 })
    const findings = await checkAccount(settings, emulator.url)
    expect(findings[0]?.todo?.zh).toMatch(/IP 白名单 中添加 203\.0\.113\.7/)
  })

  it('hears of the whitelist also when WeChat names no address', async () => {
    const wechat = createServer((_req, res) => {
      res.end(JSON.stringify({ errcode: 40164, errmsg: 'not in whitelist' }))
    })
    const url = await listening(wechat)
    const findings = await checkAccount(settings, url)
    wechat.close()
    expect(levels(findings)).toEqual({ 'ip-whitelist': 'fail' })
  })

  it('without quota can send nothing more today', async () => {
    emulator.faults.add({ path: '/cgi-bin/openapi/quota/get', errcode: 48001 })
    const refused = await checkAccount(settings, emulator.url)
    expect(levels(refused)).toMatchObject({ quota: 'warn', callback: 'ok' })
    const quotas: Record<string, unknown> = { daily_limit: 1000, used: 1000, remain: 0 }
    const wechat = createServer((req, res) => {
      const answer =
        req.url?.includes('token?') || req.url === '/cgi-bin/stable_token'
          ? { access_token: 'x', expires_in: 7200 }
          : { errcode: 0, quota: quotas, dns: [], ping: [] }
      res.end(JSON.stringify(answer))
    })
    const url = await listening(wechat)
    const none = await checkAccount(settings, url)
    expect(levels(none)).toMatchObject({ quota: 'fail', callback: 'fail' })
    quotas['remain'] = 50
    expect(levels(await checkAccount(settings, url))).toMatchObject({ quota: 'warn' })
    wechat.close()
  })
})

describe('the clock', () => {
  const clock = (now: () => number, maxAge = 600): Promise<Finding[]> =>
    checkClock({ apiUrl: emulator.url, pushMaxAgeSeconds: maxAge, now })

  it('is right when it agrees with WeChat’s', async () => {
    expect(levels(await clock(Date.now))).toEqual({ api: 'ok', clock: 'ok' })
  })

  it('that is a minute off is worth a look, five minutes a mistake: pushes would be refused', async () => {
    const ahead = await clock(() => Date.now() + 60_000)
    expect(levels(ahead)).toMatchObject({ clock: 'warn' })
    expect(ahead[1]?.found.en).toMatch(/(59|60|61) s ahead/)
    const behind = await clock(() => Date.now() - 400_000)
    expect(levels(behind)).toMatchObject({ clock: 'fail' })
    expect(behind[1]?.found.en).toMatch(/(399|400|401) s behind/)
    expect(levels(await clock(() => Date.now() - 400_000, 0))).toMatchObject({ clock: 'warn' })
  })

  it('can’t be compared when WeChat can’t be reached', async () => {
    const findings = await checkClock({ apiUrl: 'http://127.0.0.1:1', pushMaxAgeSeconds: 600, now: Date.now })
    expect(levels(findings)).toEqual({ api: 'fail' })
    expect(findings[0]?.found.en).toContain('ECONNREFUSED')
  })
})

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
}
