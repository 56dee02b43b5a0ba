import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { callControl } from '../src/server/control-client.js'
import { runDoctor } from '../src/cli/doctor-command.js'
import type { Finding } from '../src/doctor/finding.js'
import { openStore } from '../src/store/index.js'
import { runKefu } from './support/kefu-process.js'
import { planted, startTestService, type TestService } from './support/test-service.js'

let service: TestService | undefined
afterEach(async () => {
  await service?.close()
  service = undefined
})

async function diagnosis(): Promise<Record<string, string>> {
  const answer = await callControl(service?.config.dataDir ?? '', 'doctor', null)
  if (!answer.running) throw new Error('The service does not run.')
  return levels(answer.result as Finding[])
}

const levels = (findings: readonly Finding[]): Record<string, string> =>
  Object.fromEntries(findings.map(({ check, level }) => [check, level]))

describe('kefu doctor beside a running service', () => {
  it('looks from the configuration to the last push', async () => {
    service = await startTestService()
    expect(await diagnosis()).toEqual({
      apps: 'ok',
      'public-url': 'warn',
      database: 'ok',
      privacy: 'ok',
      admin: 'warn',
      disk: 'ok',
      api: 'ok',
      clock: 'ok',
      encryption: 'ok',
      token: 'ok',
      'ip-whitelist': 'ok',
      quota: 'ok',
      callback: 'ok',
      'push-url': 'ok',
      'push-enabled': 'warn',
      'diverted-to-platform': 'warn',
      'diverted-to-function': 'warn',
      'diverted-to-hosting': 'warn',
      'diverted-to-ai': 'warn',
      'push-paused': 'warn',
    })
    await service.emulator.user('oLin').sends('你好')
    const after = await diagnosis()
    expect(after).toMatchObject({ arrivals: 'ok' })
    expect(after).not.toHaveProperty('push-enabled')
    expect(after).not.toHaveProperty('diverted-to-hosting')
  })

  it('tells why messages were not sent', async () => {
    service = await startTestService({ KEFU_API_KEY: 'a-key-of-the-doctor-test-0123' })
    service.emulator.faults.add({ path: '/cgi-bin/message/custom/send', errcode: 45047, times: 9 })
    await service.emulator.user('oLin').sends('在吗')
    const { dataDir } = service.config
    const send = (): Promise<boolean> =>
      callControl(dataDir, 'send', { openId: 'oLin', text: '您好' }).then(
        () => true,
        () => false,
      )
    // The conversation is there as soon as the push is handled.
    await expect.poll(send, { timeout: 15_000 }).toBe(true)
    await expect.poll(diagnosis, { timeout: 15_000 }).toMatchObject({ sends: 'warn' })
  })

  it('tells of requests that were refused and could not be read', async () => {
    service = await startTestService()
    const appId = planted.WECHAT_APP_ID
    await fetch(`${service.url}/wechat/${appId}?signature=x&timestamp=1&nonce=1`, {
      method: 'POST',
      body: '{}',
    })
    service.emulator.addApp({
      appId,
      appSecret: planted.WECHAT_APP_SECRET,
      token: planted.WECHAT_TOKEN,
      encodingAESKey: 'another'.padEnd(43, 'x'),
      pushUrl: `${service.url}/wechat/${appId}`,
    })
    await service.emulator.user('oLin').sends('你好')
    expect(await diagnosis()).toMatchObject({ refused: 'warn', unreadable: 'fail' })
  })
})

describe('kefu doctor', () => {
  it('says what is wrong with the configuration, and no more', async () => {
    const { text, healthy } = await runDoctor({ PORT: 'x', WECHAT_APP_SECRET: 'planted' }, { json: true })
    expect(healthy).toBe(false)
    const { findings } = JSON.parse(text) as { findings: Finding[] }
    expect(levels(findings)).toEqual({ configuration: 'fail' })
    expect(findings[0]?.found.en).toContain('PORT must be')
    expect(text).not.toContain('planted')
  })

  it('says that the database can’t be opened', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kefu-doctor-'))
    const url = `file:${join(directory, 'kefu.db')}`
    const other = await openStore(url)
    const { text } = await runDoctor({ DATABASE_URL: url, DATA_DIR: join(directory, 'data') }, {})
    await other.close()
    expect(text).toMatch(/✗ 打不开数据库。\n {2}Another kefu is running/)
    const away = { DATABASE_URL: 'postgres://kefu:planted@127.0.0.1:1/kefu', DATA_DIR: directory }
    expect((await runDoctor(away, {})).text).toMatch(/✗ 打不开数据库。\n {2}PostgreSQL can’t be reached/)
    expect((await runDoctor(away, {})).text).not.toContain('planted')
    rmSync(directory, { recursive: true })
  })

  it('ends with 1 when something must be mended, and 0 when not, with and without a service', async () => {
    service = await startTestService()
    const env = { ...planted, DATA_DIR: service.config.dataDir, WECHAT_API_URL: service.emulator.url }
    const cwd = service.directory
    const beside = await runKefu(['doctor'], { cwd, env })
    expect(beside).toMatchObject({ code: 0, stderr: '' })
    expect(beside.stdout).toMatch(/^✓ /)
    service.emulator.faults.add({ path: '/cgi-bin/stable_token', errcode: 40125, times: 9 })
    await service.stop()
    const alone = await runKefu(['doctor', '--json'], { cwd, env })
    expect(alone.code).toBe(1)
    const { healthy, findings } = JSON.parse(alone.stdout) as { healthy: boolean; findings: Finding[] }
    expect(healthy).toBe(false)
    // Nothing can have arrived where nothing ran, so nothing is to be looked for.
    expect(levels(findings)).not.toHaveProperty('push-enabled')
    expect(levels(findings)).toMatchObject({ database: 'ok', token: 'fail' })
  }, 60_000)
})
