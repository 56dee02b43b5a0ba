import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEmulator, type Emulator } from '../src/emulator/index.js'
import { openStore } from '../src/store/index.js'
import { runKefu, startKefu, type KefuServer } from './support/kefu-process.js'
import { planted } from './support/test-service.js'
import { patience } from './support/patience.js'

const SEND = '/cgi-bin/message/custom/send'

/** A way for a disk to be full, where the machine allows to play it. */
interface Disk {
  readonly name: string
  /** Why it can't be played here; undefined when it can. */
  readonly missing: string | undefined
  mount(directory: string): void
  fill(directory: string, pid: number): void
  free(directory: string, pid: number): void
  unmount(directory: string): void
}

const filler = (directory: string): string => join(directory, 'filler')

const disks: Disk[] = [
  {
    name: 'a file system without space',
    missing:
      process.platform === 'linux' && process.getuid?.() === 0 && mayMount()
        ? undefined
        : 'only root may mount a small file system',
    mount: (directory) => execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'kefu-test', directory]),
    fill(directory) {
      const file = openSync(filler(directory), 'w')
      try {
        for (const size of [64 * 1024, 1]) for (;;) if (!fits(file, size)) break
      } finally {
        closeSync(file)
      }
    },
    free: (directory) => {
      rmSync(filler(directory))
    },
    // Lazily: libsql keeps its file until it is collected.
    unmount: (directory) => execFileSync('umount', ['-l', directory]),
  },
  {
    name: 'a process that may write no further (EFBIG)',
    missing: spawnSync('prlimit', ['--version']).status === 0 ? undefined : 'there is no prlimit',
    mount: () => undefined,
    fill: (_directory, pid) => execFileSync('prlimit', ['--pid', String(pid), '--fsize=1:unlimited']),
    free: (_directory, pid) => execFileSync('prlimit', ['--pid', String(pid), '--fsize=unlimited:unlimited']),
    unmount: () => undefined,
  },
]

for (const { name, missing } of disks)
  if (missing !== undefined) console.warn(`A full disk (${name}) is not played: ${missing}.`)
if (process.env['CI'] === 'true' && disks.every(({ missing }) => missing !== undefined))
  throw new Error('CI must be able to play a full disk: by prlimit, or by a mount as root.')

describe.each(disks.filter(({ missing }) => missing === undefined))('a full disk: $name', (disk) => {
  let cwd: string
  let dataDir: string
  let emulator: Emulator
  let server: KefuServer | undefined

  beforeEach(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'kefu-disk-'))
    dataDir = join(cwd, 'data')
    mkdirSync(dataDir)
    disk.mount(dataDir)
    emulator = await createEmulator(patience)
  })
  afterEach(async () => {
    await server?.end('SIGKILL')
    await emulator.close()
    disk.unmount(dataDir)
    rmSync(cwd, { recursive: true })
  })

  it('has pushes refused so that WeChat repeats them; what was taken is kept, answered once and in order when there is space', async () => {
    const env = { ...planted, DATA_DIR: dataDir, WECHAT_API_URL: emulator.url }
    const running = (server = await startKefu({ cwd, env }))
    emulator.addApp({
      appId: planted.WECHAT_APP_ID,
      appSecret: planted.WECHAT_APP_SECRET,
      token: planted.WECHAT_TOKEN,
      encodingAESKey: planted.WECHAT_ENCODING_AES_KEY,
      pushUrl: `${running.url}/wechat`,
    })
    const rules = [
      { name: 'echo', when: { text: { matches: '(.+)' } }, then: [{ reply: { text: '答{{match.1}}' } }] },
    ]
    writeFileSync(join(cwd, 'rules.json'), JSON.stringify({ rules }))
    expect(await runKefu(['rules', 'import', 'rules.json'], { cwd, env })).toMatchObject({ code: 0 })
    // One is at WeChat while the disk fills.
    const waits = emulator.user('oWaits')
    emulator.faults.add({ path: SEND, openId: 'oWaits', delayMs: 3000 })
    await waits.sends('一')
    await expect.poll(() => emulator.faults.items).toHaveLength(0)

    let loading = true
    const customers = Array.from({ length: 6 }, (_, i) => emulator.user(`o${i}`))
    const load = Promise.all(
      customers.map(async (customer) => {
        // The next one after the reply: more than three that wait would use up the bot's share of the allowance.
        let unanswered = 0
        for (let n = 0; loading && unanswered < 3; n++) {
          if ((await customer.sends(`${n}`)).answer === null) continue
          await customer.receives({ timeoutMs: 3000 }).catch(() => unanswered++)
        }
      }),
    )
    const answered = (): number => emulator.deliveries.filter(({ state }) => state === 'answered').length
    await expect.poll(answered, { timeout: 15_000 }).toBeGreaterThan(20)
    disk.fill(dataDir, running.pid)
    const failed = (): number => emulator.deliveries.filter(({ state }) => state === 'failed').length
    await expect.poll(failed, { timeout: 20_000 }).toBeGreaterThan(5)
    loading = false
    await load
    const refused = emulator.deliveries.filter(({ state }) => state === 'failed')
    for (const { attempts } of refused)
      expect(attempts.map(({ response }) => response?.status)).toEqual([500, 500, 500])
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200)
    // A balancer and an alert see what WeChat sees.
    const ready = async (): Promise<number> => (await fetch(`${running.url}/readyz`)).status
    await expect.poll(ready, { timeout: 15_000 }).toBe(503)
    // It waits between its tries: a full disk is no reason to fill the log as well.
    expect(
      running.log.split('\n').filter((line) => /could not be (noted|handled)/.test(line)).length,
    ).toBeLessThan(200)

    disk.free(dataDir, running.pid)
    await expect
      .poll(async () => (await emulator.user('oLate').sends('晚')).answer, { timeout: 15_000 })
      .toBe('success')
    await expect.poll(ready, { timeout: 15_000 }).toBe(200)
    const answersOf = (openId: string): string[] =>
      emulator
        .user(openId)
        .messages.filter(({ from }) => from === 'service')
        .map(({ content }) => ('content' in content ? content.content : ''))
    for (const { openId } of customers) {
      const taken = emulator.deliveries
        .filter((delivery) => delivery.openId === openId && delivery.answer === 'success')
        .map(({ plaintext }) => `答${(JSON.parse(plaintext) as { Content: string }).Content}`)
      await expect.poll(() => answersOf(openId), { timeout: 20_000 }).toEqual(taken)
    }
    await expect.poll(() => answersOf('oLate'), { timeout: 20_000 }).toContain('答晚')
    expect(answersOf('oWaits')).toEqual(['答一'])

    expect(await running.end()).toMatchObject({ code: 0 })
    const store = await openStore(`file:${join(dataDir, 'kefu.db')}`)
    const pushes = await store.db.selectFrom('push').select('state').distinct().execute()
    const sent = await store.db
      .selectFrom('message')
      .select('state')
      .where('direction', '=', 'outgoing')
      .distinct()
      .execute()
    await store.close()
    expect(pushes).toEqual([{ state: 'handled' }])
    expect(sent).toEqual([{ state: 'accepted' }])
  }, 120_000)
})

function fits(file: number, bytes: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(bytes)) === bytes
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false
    throw error
  }
}

/** Containers often may not, also as root. */
function mayMount(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'kefu-mount-'))
  try {
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'kefu-test', directory]).status !== 0)
      return false
    return spawnSync('umount', [directory]).status === 0
  } finally {
    rmSync(directory, { recursive: true })
  }
}
