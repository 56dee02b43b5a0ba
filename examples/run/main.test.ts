import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createEmulator } from 'kefu/emulator'
import type { AppView, Delivery, PhoneMessage } from 'kefu/emulator'
import { afterAll, afterEach, expect, it } from 'vitest'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const none = { WECHAT_APP_ID: '', WECHAT_APP_SECRET: '', WECHAT_TOKEN: '', WECHAT_ENCODING_AES_KEY: '' }

const folder = mkdtempSync(join(tmpdir(), 'kefu-examples-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

type Example = ChildProcessByStdio<null, Readable, Readable>

const running = new Set<Example>()
afterEach(async () => {
  for (const child of running) {
    if (child.exitCode === null && child.kill()) await once(child, 'exit')
    running.delete(child)
  }
})

/** Runs an example as a reader does, on any free ports, in a folder that may keep what it writes. */
function run(example: string, env: NodeJS.ProcessEnv, ...options: string[]): Example {
  const tsx = import.meta.resolve('tsx')
  const child = spawn(process.execPath, ['--import', tsx, at(`../${example}/app.ts`), ...options], {
    cwd: folder,
    env: {
      ...process.env,
      TSX_TSCONFIG_PATH: at('../../tsconfig.json'),
      PORT: '0',
      EMULATOR_PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  return child
}

async function firstLine(stream: Readable): Promise<string> {
  for await (const line of createInterface(stream)) return line
  throw new Error('It ended without a word.')
}

/** The addresses in the line that says where to go. */
async function addresses(child: Example): Promise<string[]> {
  const complaints = text(child.stderr)
  const line = await firstLine(child.stdout).catch(async () => {
    throw new Error(await complaints)
  })
  return line.match(/http:\/\/[\w.:/]+\b/g) ?? []
}

it('runs with the environment’s settings, and answers', async () => {
  const emulator = await createEmulator({ receiveTimeoutMs: 20_000 })
  try {
    const secrets = {
      appId: 'wx0123456789abcdef',
      appSecret: 's',
      token: 't',
      encodingAESKey: 'k'.repeat(43),
    }
    const child = run('echo', {
      WECHAT_APP_ID: secrets.appId,
      WECHAT_APP_SECRET: secrets.appSecret,
      WECHAT_TOKEN: secrets.token,
      WECHAT_ENCODING_AES_KEY: secrets.encodingAESKey,
      WECHAT_API_URL: emulator.url,
    })
    const [pushUrl = ''] = await addresses(child)
    emulator.addApp({ ...secrets, pushUrl })
    const customer = emulator.user('oLin')
    await customer.sends('在吗')
    expect(await customer.receives()).toMatchObject({ content: { content: '您说：在吗' } })
  } finally {
    await emulator.close()
  }
})

it.each(['echo', 'order-lookup', 'transfer', 'existing-app'])(
  'runs %s with --emulator, and answers on the phone',
  async (example) => {
    const [, phone = ''] = await addresses(run(example, none, '--emulator'))
    const get = async <T>(path: string, body?: object): Promise<T> => {
      const init = body && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }
      return (await (await fetch(new URL(`/_emulator/apps${path}`, phone), init)).json()) as T
    }
    const { items: apps } = await get<{ items: AppView[] }>('')
    expect(apps.length).toBe(example === 'existing-app' ? 2 : 1)
    for (const { appId } of apps) {
      const messages = `/${appId}/users/oLin/messages`
      const delivery = await get<Delivery>(messages, { msgType: 'text', content: '你好' })
      expect(delivery).toMatchObject({ appId })
      await expect
        .poll(async () => {
          const { items } = await get<{ items: PhoneMessage[] }>(messages)
          return items.map(({ from }) => from)
        })
        .toEqual(['user', 'service'])
    }
  },
)

it('says which settings are missing, all at once, and ends', async () => {
  const child = run('echo', { ...none, WECHAT_TOKEN: 'token' })
  const exit = once(child, 'exit')
  const line = await firstLine(child.stderr)
  expect(line).toContain('Not set: WECHAT_APP_ID, WECHAT_APP_SECRET, WECHAT_ENCODING_AES_KEY.')
  expect(line).toContain('--emulator')
  expect(await exit).toEqual([1, null])
})

it('names the second Mini Program’s settings by their prefix', async () => {
  const secrets = {
    WECHAT_APP_ID: 'wx1',
    WECHAT_APP_SECRET: 's',
    WECHAT_TOKEN: 't',
    WECHAT_ENCODING_AES_KEY: 'k'.repeat(43),
  }
  const child = run('existing-app', { ...secrets, WECHAT_2_APP_ID: 'wx2' })
  expect(await firstLine(child.stderr)).toContain('Not set: WECHAT_2_APP_SECRET, WECHAT_2_TOKEN')
})

it('says that the port is taken', async () => {
  const [taken = ''] = await addresses(run('echo', none, '--emulator'))
  const child = run('echo', { ...none, PORT: new URL(taken).port }, '--emulator')
  const exit = once(child, 'exit')
  expect(await firstLine(child.stderr)).toContain('Choose another PORT.')
  expect(await exit).toEqual([1, null])
})
