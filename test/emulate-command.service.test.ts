import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv, promisify } from 'node:util'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPushReceiver } from './push-receiver.js'
import { compiledCli } from './support/compiled-service.js'
import { runKefu } from './support/kefu-process.js'

let cli: string
let cwd: string
beforeAll(async () => {
  cli = await compiledCli()
  cwd = mkdtempSync(join(tmpdir(), 'kefu-emulate-'))
})
afterAll(() => {
  rmSync(cwd, { recursive: true })
})

/** Runs a command until it has printed where the phone is. */
async function printed(args: string[]): Promise<{
  text: string
  /** Ends it by a signal; its exit code, and the signal that killed it if one did. */
  end: (signal?: NodeJS.Signals) => Promise<readonly unknown[]>
}> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [cli, ...args], {
    cwd,
    env: { PATH, HOME, LOG_LEVEL: 'silent' },
  })
  let text = ''
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (/phone[^\n]*\n[^]*\n\n/.test(text)) resolve()
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    child.once('exit', () => {
      reject(new Error(text))
    })
  })
  return {
    text,
    async end(signal = 'SIGTERM') {
      const exited = once(child, 'exit')
      child.kill(signal)
      return exited
    },
  }
}

/** A port that nobody had a moment ago: the recipe must know it before. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('kefu demo and kefu emulate', { timeout: 60_000 }, () => {
  it.each(['demo', 'emulate'])('%s is not opened by HOST=0.0.0.0', async (command) => {
    const { code, stderr } = await runKefu([command], {
      cwd,
      env: { HOST: '0.0.0.0', PORT: '0', EMULATOR_PORT: '0' },
    })
    expect(code).toBe(1)
    expect(stderr).toContain('--host 0.0.0.0 --allow-host NAME')
  })

  it('emulate opened by name prints a link with its key, and answers who has it', async () => {
    const { text, end } = await printed([
      'emulate',
      '--host',
      '0.0.0.0',
      '--port',
      '0',
      '--allow-host',
      'emulator',
    ])
    const [, url = '', key = ''] = /(http:\/\/127\.0\.0\.1:\d+)\/#key=([\w-]+)/.exec(text) ?? []
    expect(text).toMatch(/http:\/\/emulator:\d+\/#key=/)
    expect(text).toContain(`Authorization: Bearer ${key}`)
    expect((await fetch(`${url}/_emulator/apps`)).status).toBe(401)
    expect((await fetch(`${url}/_emulator/health`)).status).toBe(200)
    const headers = { authorization: `Bearer ${key}` }
    expect((await fetch(`${url}/_emulator/apps`, { headers })).status).toBe(200)
    await end()
  })

  it('emulate begins with what a seed file says, at a clock that stands still', async () => {
    const file = join(cwd, 'seed.json')
    writeFileSync(
      file,
      JSON.stringify({
        apps: [
          { appId: 'wx1', appSecret: 's', token: 't', mode: 'plain', pushUrl: 'http://app:3000/wechat' },
        ],
        users: [{ openId: 'o1', said: ['在吗'] }],
        faults: [{ path: '/cgi-bin/token', errcode: -1 }],
      }),
    )
    const clock = '2026-01-01T08:00:00+08:00'
    const { text, end } = await printed([
      'emulate',
      '--port',
      '0',
      '--seed-file',
      file,
      '--seed',
      'seven',
      '--clock',
      clock,
    ])
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? []
    const token = `${url}/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=s`
    expect(await (await fetch(token)).json()).toMatchObject({ errcode: -1 })
    expect(await (await fetch(token)).json()).toMatchObject({
      access_token: expect.stringMatching(/^\d\d_/) as string,
    })
    expect(await (await fetch(`${url}/_emulator/apps/wx1/users/o1/messages`)).json()).toMatchObject({
      items: [{ at: Date.parse(clock), content: { content: '在吗' } }],
    })
    await end()
  })

  it.each([
    ['{ "apps": [', 'is not JSON'],
    ['{ "users": [{ "said": [""] }] }', 'seed.json: users.0'],
    ['{ "faults": [{ "times": 1 }] }', 'seed.json: faults.0: say what shall go wrong'],
  ])('emulate does not start with the seed file %s', async (json, message) => {
    writeFileSync(join(cwd, 'seed.json'), json)
    const { code, stderr } = await runKefu(['emulate', '--seed-file', 'seed.json'], {
      cwd,
      env: { EMULATOR_PORT: '0' },
    })
    expect(code).toBe(1)
    expect(stderr).toContain(message)
  })

  it('emulate does not start without its seed file, or at a time that is none', async () => {
    const env = { EMULATOR_PORT: '0' }
    const missing = await runKefu(['emulate', '--seed-file', 'nowhere.json'], { cwd, env })
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('nowhere.json can’t be read')])
    const untimely = await runKefu(['emulate', '--clock', 'noon'], { cwd, env })
    expect([untimely.code, untimely.stderr]).toEqual([
      1,
      expect.stringContaining('EMULATOR_CLOCK must be a time'),
    ])
  })

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'emulate ends with 0 on %s, whatever waits for it',
    async (signal) => {
      const { text, end } = await printed(['emulate', '--port', '0'])
      const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? []
      const silent = await startPushReceiver(() => () => undefined)
      const post = (path: string, body: object): Promise<Response> =>
        fetch(`${url}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
      const app = { appId: 'wx1', appSecret: 's', token: 't', mode: 'plain', pushUrl: silent.url }
      await post('/_emulator/apps', app)
      await post('/w/one/_emulator/apps', app)
      const streams = await Promise.all(
        ['', '/w/one'].map(async (prefix) => fetch(`${url}${prefix}/_emulator/events`)),
      )
      const [first] = streams
      const reader = first?.body?.getReader()
      await reader?.read()
      const over = (request: Promise<Response>): Promise<unknown> =>
        request.then((response) => response.text()).catch(() => 'cut')
      const waiting = [
        over(fetch(`${url}/_emulator/calls?wait=60000`)),
        over(fetch(`${url}/w/one/_emulator/apps/wx1/users/o1/messages?wait=60000`)),
        over(post('/_emulator/apps/wx1/users/o1/messages', { msgType: 'text', content: '在吗' })),
        over(post('/_emulator/faults', { delayMs: 600_000 }).then(() => fetch(`${url}/cgi-bin/token`))),
      ]
      await expect.poll(() => silent.received.length).toBe(1)
      expect(await end(signal)).toEqual([0, null])
      await Promise.all(waiting)
      await silent.close()
    },
  )

  it('the steps of the document’s recipe start it and end it', async () => {
    const document = readFileSync(new URL('../docs/emulator.md', import.meta.url), 'utf8')
    const stepOf = (name: string): string => {
      const [, lines = ''] =
        new RegExp(`- name: ${name}\\n[^|]*run: \\|\\n((?: {10}.*\\n)+)`).exec(document) ?? []
      return lines.replaceAll(/^ {10}/gm, '')
    }
    mkdirSync(join(cwd, 'kefu'))
    symlinkSync(join(cli, '..', '..'), join(cwd, 'kefu', 'dist'))
    writeFileSync(join(cwd, 'wechat.json'), '{}')
    const { PATH = '', HOME = '' } = process.env
    const env = { PATH, HOME, GITHUB_RUN_ID: '7', EMULATOR_PORT: String(await freePort()) }
    const run = promisify(execFile)
    const started = await run('bash', ['-e', '-c', stepOf('Start the emulated WeChat')], { cwd, env })
    expect(started.stdout).toBe('{"status":"ok"}')
    const pid = Number(readFileSync(join(cwd, 'emulator.pid'), 'utf8'))
    const ended = await run('bash', ['-e', '-c', stepOf('End the emulated WeChat')], { cwd, env })
    expect(ended.stdout).toContain('the emulated WeChat is running')
    await expect.poll(() => isRunning(pid)).toBe(false)
  })

  it('emulate --app writes the variables of a Mini Program, and knows it again at its next start', async () => {
    const pushes = await startPushReceiver()
    const args = ['emulate', '--port', '0', '--app', `${pushes.url}/wechat`, '--env', 'wechat.env']
    const first = await printed(args)
    const variables = (): Record<string, string | undefined> =>
      parseEnv(readFileSync(join(cwd, 'wechat.env'), 'utf8'))
    const before = variables()
    expect(first.text).toContain(`${before['WECHAT_APP_ID'] ?? ''} → ${pushes.url}/wechat`)
    expect(first.text).not.toContain(before['WECHAT_APP_SECRET'])
    await first.end()
    const second = await printed(args)
    const { WECHAT_API_URL: url = '', ...after } = variables()
    expect(before).toMatchObject(after)
    const { WECHAT_APP_ID: appId = '', WECHAT_APP_SECRET: secret = '' } = after
    const token = `${url}/cgi-bin/token?grant_type=client_credential&appid=${appId}&secret=${secret}`
    expect(await (await fetch(token)).json()).toHaveProperty('access_token')
    await second.end()
    await pushes.close()
  })

  it('emulate --app leaves a file alone that has other variables', async () => {
    writeFileSync(join(cwd, 'mine.env'), 'DATABASE_URL=x\n')
    const { code, stderr } = await runKefu(
      ['emulate', '--app', 'http://127.0.0.1:3000/wechat', '--env', 'mine.env'],
      { cwd, env: { EMULATOR_PORT: '0' } },
    )
    expect(code).toBe(1)
    expect(stderr).toContain('mine.env has other variables')
    expect(readFileSync(join(cwd, 'mine.env'), 'utf8')).toBe('DATABASE_URL=x\n')
  })

  it('emulate with --no-key asks for none', async () => {
    const { text, end } = await printed([
      'emulate',
      '--host',
      '0.0.0.0',
      '--port',
      '0',
      '--allow-host',
      'emulator',
      '--no-key',
    ])
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? []
    expect(text).not.toContain('key')
    expect((await fetch(`${url}/_emulator/apps`)).status).toBe(200)
    await end()
  })
})
