import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPushReceiver, tinyPng, type PushReceiver } from '../../test/push-receiver.js'
import { createEmulator, type Emulator } from './index.js'

const app = { appId: 'wx1', appSecret: 'secret', token: 'token', mode: 'plain' } as const
let receiver: PushReceiver
let open: Emulator

beforeAll(async () => {
  receiver = await startPushReceiver()
  open = await createEmulator({ host: '0.0.0.0', allowedHosts: ['Emulator'], pushTo: ['app.internal'] })
})
afterAll(async () => {
  await open.close()
  await receiver.close()
})

interface Asked {
  method?: string
  headers?: Record<string, string>
  body?: unknown
}
/** With any Host, which fetch does not allow. */
function ask(emulator: Emulator, path: string, { method = 'GET', headers = {}, body }: Asked = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>(
    (resolve, reject) => {
      const json = body === undefined ? undefined : JSON.stringify(body)
      const all = { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers }
      const sent = request(`${emulator.url}${path}`, { method, headers: all }, (answer) => {
        void text(answer).then((words) => {
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: words })
        })
      })
      sent.on('error', reject)
      sent.end(json)
    },
  )
}
const withKey = (): Record<string, string> => ({ authorization: `Bearer ${open.key ?? ''}` })

describe('an emulator beyond loopback', () => {
  it('has a key that nobody could know, unless it is told otherwise', async () => {
    expect(open.key).toMatch(/^[\w-]{24}$/)
    const [closed, own] = await Promise.all([
      createEmulator({ host: '0.0.0.0', key: false }),
      createEmulator({ key: 'a-key-of-my-own-16' }),
    ])
    expect([closed.key, own.key]).toEqual([undefined, 'a-key-of-my-own-16'])
    expect((await ask(closed, '/_emulator/apps')).status).toBe(200)
    expect((await ask(own, '/_emulator/apps')).status).toBe(401)
    await Promise.all([closed.close(), own.close()])
    await expect(createEmulator({ key: 'short' })).rejects.toThrow(/16 characters/)
    const local = await createEmulator()
    expect(local.key).toBeUndefined()
    await local.close()
  })

  it.each([
    '/apps',
    '/deliveries',
    '/calls',
    '/events',
    '/faults',
    '/clock',
    '/quirks',
    '/apps/wx1/users/o1',
  ])('shows %s to who has the key alone', async (path) => {
    const refused = await ask(open, `/_emulator${path}`)
    expect(refused).toMatchObject({ status: 401, text: expect.stringContaining('key_needed') as string })
    expect(refused.text).not.toContain(open.key)
    for (const authorization of ['Bearer wrong', `Basic ${open.key ?? ''}`, 'Bearer'])
      expect((await ask(open, `/_emulator${path}`, { headers: { authorization } })).status).toBe(401)
  })

  it('takes no command without it, nor a picture', async () => {
    const body = { ...app, pushUrl: receiver.url }
    expect((await ask(open, '/_emulator/apps', { method: 'POST', body })).status).toBe(401)
    expect((await ask(open, '/_emulator/reset', { method: 'POST' })).status).toBe(401)
    const headers = { 'content-type': 'image/png' }
    expect((await ask(open, '/_emulator/media', { method: 'POST', headers })).status).toBe(401)
    expect((await ask(open, '/_emulator/apps', { method: 'POST', body, headers: withKey() })).status).toBe(
      200,
    )
  })

  it('gives a page a cookie for the key, below its own path, and nobody else', async () => {
    const wrong = await ask(open, '/_emulator/session', { method: 'POST', body: { key: 'x' } })
    expect(wrong).toMatchObject({ status: 401 })
    expect(wrong.headers['set-cookie']).toBeUndefined()
    const right = await ask(open, '/_emulator/session', { method: 'POST', body: { key: open.key } })
    const [cookie = ''] = right.headers['set-cookie'] as string[]
    expect(cookie).toMatch(/^kefu_emulator_\d+=[\w-]{32}; Path=\/_emulator; HttpOnly; SameSite=Strict$/)
    expect(cookie).not.toContain(open.key)
    const [pair = ''] = cookie.split(';')
    expect((await ask(open, '/_emulator/apps', { headers: { cookie: pair } })).status).toBe(200)
    expect((await ask(open, '/_emulator/apps', { headers: { cookie: `${pair}x` } })).status).toBe(401)
  })

  it('tells whoever looks that it runs, by any name, and no more', async () => {
    const health = await ask(open, '/_emulator/health', { headers: { host: 'anything:3001' } })
    expect(health).toMatchObject({ status: 200, text: '{"status":"ok"}' })
  })

  it('is used by its names only, and says how another is allowed', async () => {
    const headers = { ...withKey(), host: 'emulator:3001' }
    expect((await ask(open, '/_emulator/apps', { headers })).status).toBe(200)
    const refused = await ask(open, '/_emulator/apps', { headers: { ...headers, host: 'rebound.example' } })
    expect(refused.status).toBe(403)
    for (const how of ['--allow-host rebound.example', 'EMULATOR_ALLOW_HOST=rebound.example', 'allowedHosts'])
      expect(refused.text).toContain(how)
  })
})

describe('where the control API may have pushed to', () => {
  const add = (pushUrl: string) =>
    ask(open, '/_emulator/apps', { method: 'POST', body: { ...app, pushUrl }, headers: withKey() })

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://10.0.0.1/',
    'http://[::ffff:10.0.0.1]/',
    'http://0.0.0.0:22/',
    'http://localhost.example/',
    'http://127.0.0.1.nip.io/',
    'https://example.com/wechat',
    'http://0x7f000001.example/',
  ])('not %s', async (pushUrl) => {
    const refused = await add(pushUrl)
    expect(refused.status).toBe(400)
    expect(refused.text).toContain('--push-to')
    expect(refused.text).toContain('EMULATOR_PUSH_TO')
  })

  it.each([
    'http://localhost:9/',
    'http://127.0.0.1:9/',
    'http://127.9.9.9:9/',
    'http://[::1]:9/',
    'http://2130706433:9/',
    'http://app.internal/wechat',
    'http://APP.internal:8080/wechat',
  ])('%s', async (pushUrl) => {
    expect((await add(pushUrl)).status).toBe(200)
  })

  it('a host that the program itself names', async () => {
    open.addApp({ ...app, appId: 'wx2', pushUrl: 'http://named.example/wechat' })
    expect((await add('http://named.example/other')).status).toBe(200)
  })

  it('follows nobody elsewhere', async () => {
    const elsewhere = await startPushReceiver(() => 'what answers elsewhere')
    const leads = await startPushReceiver(() => (res) => {
      res.writeHead(302, { location: elsewhere.url }).end()
    })
    await add(leads.url)
    const message = { msgType: 'text', content: 'x' }
    const body = { method: 'POST', body: message, headers: withKey() }
    const delivery = await ask(open, '/_emulator/apps/wx1/users/o1/messages', body)
    expect(delivery.text).not.toContain('what answers elsewhere')
    expect(elsewhere.received).toEqual([])
    await Promise.all([leads.close(), elsewhere.close()])
  })
})

it('a picture is shown to who was told its long name: a service follows PicUrl without a key', async () => {
  const headers = { ...withKey(), 'content-type': 'image/png' }
  const answer = await fetch(`${open.url}/_emulator/media`, { method: 'POST', headers, body: tinyPng })
  const { url } = (await answer.json()) as { url: string }
  expect((await ask(open, url)).status).toBe(200)
  expect((await ask(open, '/_emulator/media/x')).status).toBe(401)
})
