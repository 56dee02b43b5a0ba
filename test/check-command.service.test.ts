import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCheck } from '../src/cli/check-command.js'
import { makeSecrets } from '../src/emulator/index.js'
import { handwrittenReceiver } from './handwritten-receiver.js'
import { startPushReceiver, type PushReceiver } from './push-receiver.js'
import { runKefu } from './support/kefu-process.js'

const secrets = makeSecrets()
const env = {
  WECHAT_APP_ID: secrets.appId,
  WECHAT_TOKEN: secrets.token,
  WECHAT_ENCODING_AES_KEY: secrets.encodingAESKey,
}

let cwd: string
let receiver: PushReceiver
beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'kefu-check-'))
  receiver = await startPushReceiver(handwrittenReceiver({ ...secrets, mode: 'secure' }))
})
afterEach(async () => {
  await receiver.close()
  rmSync(cwd, { recursive: true })
})

describe('kefu check', () => {
  it('prints a table in Chinese and English and ends with 0 when all is right', async () => {
    const { code, stdout, stderr } = await runKefu(['check', receiver.url], { cwd, env })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/✓ +\d+ ms {2}url\.good .*URL 验证，签名正确 · the URL is verified/)
    expect(stdout).toMatch(/✓ +\d+ ms {2}odd\.emoji +secure json/)
    expect(stdout).toMatch(/\d+ 项正确，0 项有问题，0 项请留意。 \d+ right, 0 wrong, 0 worth a look\./)
  })

  it('reads .env, gives JSON, and ends with 1 when a row is wrong; the secrets are in neither', async () => {
    const lines = Object.entries({ ...env, WECHAT_TOKEN: 'another-token-than-theirs', WECHAT_MODE: 'secure' })
    writeFileSync(join(cwd, '.env'), lines.map(([name, value]) => `${name}=${value}\n`).join(''))
    const { code, stdout, stderr } = await runKefu(['check', receiver.url, '--json', '--format', 'xml'], {
      cwd,
      env: {},
    })
    expect(code).toBe(1)
    const { right, rows } = JSON.parse(stdout) as { right: boolean; rows: { check: string; mode: string }[] }
    expect(right).toBe(false)
    expect(rows.map(({ check }) => check)).toEqual(['url.good', 'url.forged', 'url.unsigned', 'push.text'])
    expect(rows.at(-1)).toMatchObject({ mode: 'secure', format: 'xml', verdict: 'wrong' })
    for (const secret of ['another-token-than-theirs', secrets.encodingAESKey])
      expect(stdout + stderr).not.toContain(secret)
  })

  it.each([
    [['check'], env, /missing required argument/],
    [['check', 'not a url'], env, /must be an http or https address/],
    [
      ['check', 'http://127.0.0.1:1/', '--mode', 'none'],
      env,
      /Allowed choices are secure, compatible, plain/,
    ],
    [['check', 'http://127.0.0.1:1/'], {}, /WECHAT_TOKEN is missing/],
    [
      ['check', 'http://127.0.0.1:1/', '--mode', 'secure'],
      { WECHAT_TOKEN: 't0ken' },
      /WECHAT_APP_ID is missing/,
    ],
    [
      ['check', 'http://127.0.0.1:1/'],
      { ...env, WECHAT_ENCODING_AES_KEY: 'planted' },
      /WECHAT_ENCODING_AES_KEY must/,
    ],
    [['check', 'http://a:b@127.0.0.1:1/'], env, /holds a password/],
    [['check', 'http://192.0.2.1/wechat'], env, /if it is yours, say so by --yes/],
  ])('ends with 2 for %j', async (args, given, words) => {
    const { code, stdout, stderr } = await runKefu(args, { cwd, env: given })
    expect(code).toBe(2)
    expect(stderr).toMatch(words)
    expect(stdout + stderr).not.toContain('planted')
  })

  it('needs the Token alone in plain mode', async () => {
    await receiver.close()
    receiver = await startPushReceiver(handwrittenReceiver({ ...secrets, mode: 'plain' }))
    const only = { WECHAT_TOKEN: secrets.token }
    expect((await runKefu(['check', receiver.url], { cwd, env: only })).code).toBe(0)
  })
})

describe('a question on a terminal', () => {
  // A name that leads nowhere: nothing is sent before the answer, and nothing arrives behind it.
  const url = 'http://kefu-check.invalid/wechat'

  async function answer(line: string): Promise<{ code: number; out: string; err: string }> {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
    stdin.end(`${line}\n`)
    const terminal = { stdin: Object.assign(stdin, { isTTY: true }), stdout, stderr }
    const code = await runCheck(() => env, { url, mode: 'secure', format: 'json' }, terminal)
    return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') }
  }

  it.each(['', 'n', 'no', 'x'])('answered %j sends nothing', async (line) => {
    const { code, out, err } = await answer(line)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('将向 kefu-check.invalid 发送至多 60 个请求')
  })

  it('answered y begins', async () => {
    const { code, out } = await answer('y')
    expect(code).toBe(1)
    expect(out).toContain('url.good')
  })
})
