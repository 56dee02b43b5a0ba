import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createEmulator, type Emulator } from '../src/emulator/index.js'
import { openStore } from '../src/store/index.js'
import { emptyDatabase, type PostgresDatabase } from './runner/postgres-databases.js'
import { compiledCli } from './support/compiled-service.js'
import { runKefu, startKefu, type KefuServer } from './support/kefu-process.js'

const key = 'the-api-key-of-this-test'
const shop = {
  appId: 'wx00000000000000aa',
  appSecret: 'deadbeefdeadbeefdeadbeefdeadbeef',
  token: 'plantedTokenOfTheShop',
  encodingAESKey: 'plantedAesKeyplantedAesKeyplantedAesKeyplan',
  mode: 'secure',
} as const

let cwd: string
let emulator: Emulator
let target: PostgresDatabase
let env: Record<string, string>
let server: KefuServer | undefined
beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'kefu-moving-'))
  emulator = await createEmulator()
  target = await emptyDatabase()
  env = { DATA_DIR: join(cwd, 'data'), WECHAT_API_URL: emulator.url, KEFU_API_KEY: key }
})
afterEach(async () => {
  await server?.end('SIGKILL')
  server = undefined
  await emulator.close()
  await target.drop()
  rmSync(cwd, { recursive: true })
})

async function start(changes: Record<string, string> = {}): Promise<KefuServer> {
  server = await startKefu({ cwd, env: { ...env, ...changes } })
  return server
}

async function api<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(`${server?.url ?? ''}/api/v1${path}`, {
    ...init,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

/** Runs `kefu move` until it says such a thing, and kills it then. */
async function killedAt(words: RegExp): Promise<void> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [await compiledCli(), 'move', target.url], {
    cwd,
    env: { PATH, HOME, ...env },
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    if (words.test(text)) child.kill('SIGKILL')
  })
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  expect(signal, text).toBe('SIGKILL')
}

interface Conversation {
  id: number
  openId: string
}

it(
  'moves a shop’s conversations, cut off twice, and they go on where they were',
  { timeout: 120_000 },
  async () => {
    const first = await start()
    await api('/apps', { method: 'POST', body: JSON.stringify({ ...shop, name: '云朵杂货店' }) })
    const pushTo = (url: string): void => {
      emulator.addApp({ ...shop, pushUrl: `${url}/wechat/${shop.appId}` })
    }
    pushTo(first.url)
    const lin = emulator.user('oLin')
    await lin.sends('迁移之前')
    await expect
      .poll(() => api<{ items: Conversation[] }>('/conversations'))
      .toMatchObject({
        items: [{ openId: 'oLin' }],
      })
    const before = (await api<{ items: Conversation[] }>('/conversations')).items[0]

    const refused = await runKefu(['move', target.url], { cwd, env })
    expect(refused).toMatchObject({ code: 1 })
    expect(refused.stderr).toContain('Stop the service first')
    await first.end()

    const file = `file:${join(cwd, 'data', 'kefu.db')}`
    const source = await openStore(file)
    await sql`insert into message (id, conversation_id, direction, author, msg_type, content, epoch, created_at)
    with recursive n(i) as (select 1000 union all select i + 1 from n where i < 10999)
    select i, ${before?.id ?? 0}, 'incoming', 'contact', 'text', '{"msgType":"text","content":"第' || i || '条"}', 0, i from n`.execute(
      source.db,
    )
    await sql`update sequence set value = 11000 where name = 'workspace'`.execute(source.db)
    await source.close()

    await killedAt(/move {3}message .*\([3-5]0%\)/)
    const early = await runKefu(['start'], { cwd, env: { ...env, DATABASE_URL: target.url, PORT: '0' } })
    expect(early).toMatchObject({ code: 1 })
    expect(early.stderr).toContain('run kefu move again')
    await killedAt(/check {2}message /)
    const moved = await runKefu(['move'], { cwd, env: { ...env, KEFU_MOVE_TO: target.url } })
    expect(moved).toMatchObject({ code: 0, stderr: '' })
    expect(moved.stdout).toContain('Moved, and compared table by table')
    expect(moved.stdout).not.toContain(' move   message')
    expect(moved.stdout).not.toContain('postgres://')

    const second = await start({ DATABASE_URL: target.url })
    pushTo(second.url)
    // The Mini Program's secrets open, or this push would be refused.
    await lin.sends('迁移之后')
    await expect
      .poll(() => api<{ items: unknown[] }>(`/conversations/${before?.id}/messages?limit=2`))
      .toMatchObject({ items: [{ content: '迁移之后' }, { id: 10_999 }] })
    const after = await api<{ items: Conversation[] }>('/conversations')
    expect(after.items).toMatchObject([{ id: before?.id, openId: 'oLin' }])
    expect((await api<{ items: unknown[] }>('/conversations?q=第5000条')).items).toHaveLength(1)
    await second.end()

    const again = await runKefu(['move', target.url], { cwd, env })
    expect(again.stdout).toContain('This move was finished before')
    // Whoever starts on the old file hears of it.
    const old = await start()
    expect(old.log).toContain('was moved to PostgreSQL')
  },
)

it.each([
  [[], {}, 'Name the target'],
  [['postgres://127.0.0.1:1/x'], {}, 'The target can’t be reached'],
  [['mysql://x'], {}, 'KEFU_MOVE_TO must be the database that kefu move fills'],
  [['postgres://x'], { DATABASE_URL: 'postgres://y' }, 'DATABASE_URL is PostgreSQL already'],
  [['postgres://x'], { DATA_DIR: '/nowhere/at/all' }, 'There is no database /nowhere/at/all/kefu.db'],
])('says what is missing: %j with %j', async (args, changes, words) => {
  if (words.includes('reached')) await start()
  await server?.end()
  const { code, stderr } = await runKefu(['move', ...args], { cwd, env: { ...env, ...changes } })
  expect(code).toBe(1)
  expect(stderr).toContain(words)
})
