import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runKefu, startKefu, type Ended } from './support/kefu-process.js'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'kefu-migrate-'))
})
afterEach(() => {
  rmSync(cwd, { recursive: true })
})

it('changes the key while the service is stopped, and says what is wrong', { timeout: 120_000 }, async () => {
  const [first, second, other] = [0, 1, 2].map(() => randomBytes(32).toString('base64')) as [
    string,
    string,
    string,
  ]
  const env = (key: string, old?: string): Record<string, string> => ({
    DATA_DIR: join(cwd, 'data'),
    KEFU_SECRET_KEY: key,
    ...(old !== undefined && { KEFU_OLD_SECRET_KEY: old }),
  })
  const migrate = async (key: string, old?: string): Promise<Ended> => {
    const ended = await runKefu(['migrate'], { cwd, env: env(key, old) })
    for (const secret of [first, second, other]) expect(ended.stdout + ended.stderr).not.toContain(secret)
    return ended
  }
  const server = await startKefu({ cwd, env: env(first) })
  const running = await migrate(second, first)
  expect(running).toMatchObject({ code: 1 })
  expect(running.stderr).toContain('Stop it first')
  await server.end()

  for (const [key, old, words] of [
    [second, undefined, 'give the old one as KEFU_OLD_SECRET_KEY'],
    [second, other, 'KEFU_OLD_SECRET_KEY is not the key'],
    [first, first, 'is the same key'],
    [second, 'no key', 'KEFU_OLD_SECRET_KEY must be the key that secrets were sealed with so far'],
  ] as const) {
    const { code, stderr } = await migrate(key, old)
    expect([code, stderr]).toEqual([1, expect.stringContaining(words)])
  }
  expect((await migrate(second, first)).stdout).toContain('values are sealed with the new key')
  expect((await migrate(second, first)).stdout).toContain('The key was changed to this one before')
  expect(await migrate(second)).toMatchObject({ code: 0 })

  const before = await runKefu(['start'], { cwd, env: { ...env(first), PORT: '0' } })
  expect(before).toMatchObject({ code: 1 })
  expect(before.stderr).toContain('give the other one as KEFU_OLD_SECRET_KEY and run kefu migrate')
  const after = await startKefu({ cwd, env: env(second) })
  expect(await after.end()).toMatchObject({ code: 0 })
})
