import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runKefu } from './support/kefu-process.js'

const cli = fileURLToPath(new URL('../src/server/cli.ts', import.meta.url))
let cwd: string
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'kefu-emulate-'))
})
afterAll(() => {
  rmSync(cwd, { recursive: true })
})

/** Runs a command until it has printed where the phone is. */
async function printed(args: string[]): Promise<{ text: string; end: () => Promise<void> }> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), cli, ...args], {
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
    async end() {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
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
