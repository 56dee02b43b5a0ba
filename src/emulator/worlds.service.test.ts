import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startPushReceiver, tinyPng, type PushReceiver } from '../../test/push-receiver.js'
import { createEmulator, type Delivery, type Emulator, type EmulatorOptions } from './index.js'
import { maxWorlds } from './worlds.js'

const app = { appId: 'wx00000000000000a1', appSecret: 'secret', token: 'token', mode: 'plain' as const }
const users = `/_emulator/apps/${app.appId}/users`
const send = '/cgi-bin/message/custom/send'

let receiver: PushReceiver
let emulator: Emulator

beforeEach(async () => {
  receiver = await startPushReceiver()
  emulator = await createEmulator()
})
afterEach(async () => {
  await emulator.close()
  await receiver.close()
})

interface Reply {
  status: number
  body: unknown
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const response = await fetch(emulator.url + path, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

/** A service's token in a world, by the world's prefix. */
async function tokenIn(prefix: string): Promise<string> {
  const query = `grant_type=client_credential&appid=${app.appId}&secret=${app.appSecret}`
  const { body } = await ask('GET', `${prefix}/cgi-bin/token?${query}`)
  return (body as { access_token: string }).access_token
}

async function itemsAt(path: string): Promise<unknown[]> {
  return ((await ask('GET', path)).body as { items: unknown[] }).items
}

describe('worlds', () => {
  it('begin with their first use, and see nothing of each other', async () => {
    for (const prefix of ['', '/w/one', '/w/two'])
      expect((await ask('POST', `${prefix}/_emulator/apps`, { ...app, pushUrl: receiver.url })).status).toBe(
        200,
      )
    const text = { msgType: 'text', content: '你好' }
    expect((await ask('POST', `/w/one${users}/o1/messages`, text)).body).toMatchObject({ state: 'answered' })
    await ask('POST', '/w/one/_emulator/faults', { path: '/cgi-bin', errcode: -1 })
    await ask('POST', '/w/one/_emulator/stubs', { path: '/wxa/a', answer: {} })
    await ask('POST', '/w/one/_emulator/clock', { advanceMs: 5 })
    await ask('POST', '/w/one/_emulator/quirks', { prettyJson: false })
    const token = await tokenIn('/w/two')
    expect(token).toMatch(/^\d\d_/)

    for (const prefix of ['', '/w/two']) {
      expect(await itemsAt(`${prefix}${users}/o1/messages`)).toEqual([])
      expect(await itemsAt(`${prefix}/_emulator/deliveries`)).toEqual([])
      expect(await itemsAt(`${prefix}/_emulator/faults`)).toEqual([])
      expect(await itemsAt(`${prefix}/_emulator/stubs`)).toEqual([])
      expect((await ask('GET', `${prefix}/_emulator/clock`)).body).toMatchObject({ advancedMs: 0 })
      expect((await ask('GET', `${prefix}/_emulator/quirks`)).body).toMatchObject({ prettyJson: true })
    }
    expect(await itemsAt('/w/one/_emulator/calls')).toEqual([])
    expect(await itemsAt('/w/two/_emulator/calls')).toHaveLength(1)
    // A token of one world is unknown in another.
    const body = { touser: 'o1', msgtype: 'text', text: { content: '您好' } }
    await ask('DELETE', '/w/one/_emulator/faults')
    expect((await ask('POST', `/w/one${send}?access_token=${token}`, body)).body).toMatchObject({
      errcode: 40001,
    })
    await ask('POST', '/w/two/_emulator/reset')
    expect(await itemsAt(`/w/one${users}/o1/messages`)).toHaveLength(1)
  })

  it('are found by a header, too; the path says more', async () => {
    const headers = { 'X-Emulator-World': 'one' }
    await ask('POST', '/_emulator/apps', { ...app, pushUrl: receiver.url }, headers)
    expect(await itemsAt('/_emulator/apps')).toEqual([])
    expect(await itemsAt('/w/one/_emulator/apps')).toHaveLength(1)
    expect((await ask('GET', '/w/two/_emulator/apps', undefined, headers)).body).toEqual({ items: [] })
    expect((await ask('GET', `/cgi-bin/token?appid=${app.appId}`, undefined, headers)).body).toMatchObject({
      errcode: 41004,
    })
  })

  it('are made with what there is in them, listed and taken away', async () => {
    const made = await ask('POST', '/_emulator/worlds', {
      name: 'one',
      seed: 'seven',
      clock: '2026-01-01T00:00:00Z',
      apps: [{ ...app, pushUrl: receiver.url }],
      users: [{ openId: 'o1', said: ['在吗'] }],
      faults: [{ errcode: -1 }],
    })
    expect(made).toEqual({ status: 200, body: { name: 'one', url: `${emulator.url}/w/one` } })
    expect((await ask('POST', '/_emulator/worlds', { name: 'one' })).body).toMatchObject({
      error: { code: 'world_exists' },
    })
    expect(await itemsAt(`/w/one${users}/o1/messages`)).toMatchObject([{ at: Date.UTC(2026, 0, 1) }])
    expect(await itemsAt('/_emulator/worlds')).toEqual([made.body])
    for (const time of ['first', 'second'])
      expect((await ask('DELETE', '/_emulator/worlds/one')).status, time).toBe(204)
    expect(await itemsAt('/_emulator/worlds')).toEqual([])
    expect(await itemsAt('/w/one/_emulator/apps')).toEqual([])
  })

  it('with the same seed and clock are the same, side by side and again', async () => {
    const settings = { seed: 'seven', clock: 1_767_225_600_000, apps: [{ ...app, pushUrl: receiver.url }] }
    const run = async (name: string): Promise<unknown> => {
      const world = emulator.world(name, settings)
      const { plaintext, attempts } = await world.user('o1').sends('在吗')
      return [plaintext, attempts[0]?.request.url, await tokenIn(`/w/${name}`)]
    }
    const [one, two] = [await run('one'), await run('two')]
    expect(two).toEqual(one)
    await emulator.removeWorld('one')
    expect(await run('one')).toEqual(one)
  })

  it('end at once: pushes are given up, long polls and event streams let go', async () => {
    const world = emulator.world('one', { apps: [{ ...app, pushUrl: receiver.url }] })
    const hangs = await startPushReceiver(() => () => undefined)
    world.addApp({ ...app, pushUrl: hangs.url })
    const push = world.user('o1').sends('在吗')
    const poll = ask('GET', `/w/one/_emulator/calls?wait=60000`)
    const stream = await fetch(`${emulator.url}/w/one/_emulator/events`)
    await expect.poll(() => hangs.received.length).toBe(1)
    expect(await emulator.removeWorld('one')).toBe(true)
    expect((await push).state).toBe('failed')
    expect((await poll).body).toEqual({ items: [] })
    expect(await stream.text()).toContain('retry: 1000')
    expect(await emulator.removeWorld('one')).toBe(false)
    await hangs.close()
  })

  it('have event streams and pictures of their own', async () => {
    await ask('POST', '/w/one/_emulator/apps', { ...app, pushUrl: receiver.url })
    const upload = await fetch(`${emulator.url}/w/one/_emulator/media`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: tinyPng,
    })
    const { mediaId, url } = (await upload.json()) as { mediaId: string; url: string }
    expect(url).toBe(`/w/one/_emulator/media/${mediaId}`)
    expect((await fetch(emulator.url + url)).status).toBe(200)
    expect((await ask('GET', `/_emulator/media/${mediaId}`)).status).toBe(404)
    const { body } = await ask('POST', `/w/one${users}/o1/messages`, { msgType: 'image', mediaId })
    const { PicUrl } = JSON.parse((body as Delivery).plaintext) as { PicUrl: string }
    expect(PicUrl).toBe(emulator.url + url)
    const aborted = new AbortController()
    const stream = await fetch(`${emulator.url}/w/one/_emulator/events`, { signal: aborted.signal })
    emulator.advance(1)
    emulator.world('one').advance(2)
    const reader = stream.body?.getReader()
    let text = ''
    while (!text.includes('"clock"')) text += Buffer.from((await reader?.read())?.value ?? []).toString()
    expect(text).toContain('"advancedMs":2')
    expect(text).not.toContain('"advancedMs":1')
    aborted.abort()
  })

  it('are at most a hundred', async () => {
    for (let count = 0; count < maxWorlds; count++) emulator.world(`world-${count}`)
    expect(await ask('GET', '/w/one-more/_emulator/apps')).toMatchObject({
      status: 409,
      body: { error: { code: 'too_many_worlds' } },
    })
    expect((await ask('GET', '/w/one-more/cgi-bin/token')).status).toBe(409)
    expect(() => emulator.world('one-more')).toThrow('There are 100 worlds already')
    await emulator.removeWorld('world-7')
    expect((await ask('GET', '/w/one-more/_emulator/apps')).status).toBe(200)
  })

  it.each(['/w/a%20b/_emulator/apps', '/w//_emulator/apps', `/w/${'a'.repeat(65)}/cgi-bin/token`])(
    'are refused a name that none can have: %s',
    async (path) => {
      const { status, body } = await ask('GET', path)
      expect(status).toBe(400)
      expect(body).toMatchObject({
        error: { message: expect.stringMatching(/^world: must be 1 to 64/) as string },
      })
    },
  )

  it('are told in a program when they are there already, or make no sense', () => {
    const world = emulator.world('one')
    expect(emulator.world('one')).toBe(world)
    expect(() => emulator.world('one', { seed: 'seven' })).toThrow('There is a world one already')
    expect(() => emulator.world('two', { users: [{}] })).toThrow('users.0.appId: is missing')
    expect(() => emulator.world('a b')).toThrow('world: must be 1 to 64')
    expect(world.url).toBe(`${emulator.url}/w/one`)
  })
})

describe('a world that nobody made', () => {
  it('is made by no page of another site, and by health and pictures never', async () => {
    const foreign = { 'sec-fetch-site': 'cross-site' }
    expect((await ask('GET', '/w/one/cgi-bin/token', undefined, foreign)).status).toBe(404)
    expect((await ask('GET', '/w/one/_emulator/health')).status).toBe(200)
    expect((await ask('GET', `/w/one/_emulator/media/${'a'.repeat(64)}`)).status).toBe(404)
    expect(await itemsAt('/_emulator/worlds')).toEqual([])
  })

  it('is made only by who has the key, where there is one', async () => {
    const options: EmulatorOptions = { key: 'a-key-of-sixteen-characters' }
    await emulator.close()
    emulator = await createEmulator(options)
    const authorization = { authorization: `Bearer ${String(options.key)}` }
    expect((await ask('GET', '/w/one/_emulator/apps')).status).toBe(401)
    expect((await ask('GET', '/w/one/cgi-bin/token')).status).toBe(404)
    expect((await ask('GET', '/_emulator/worlds', undefined, authorization)).body).toEqual({ items: [] })
    expect((await ask('GET', '/w/one/_emulator/apps', undefined, authorization)).status).toBe(200)
    expect((await ask('GET', '/w/one/cgi-bin/token')).body).toMatchObject({ errcode: 41002 })
  })

  it('gives its page a cookie for its own paths', async () => {
    await emulator.close()
    emulator = await createEmulator({ key: 'a-key-of-sixteen-characters' })
    const response = await fetch(`${emulator.url}/w/one/_emulator/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key: emulator.key }),
    })
    const cookie = response.headers.get('set-cookie') ?? ''
    expect(cookie).toContain('Path=/w/one/_emulator;')
    const headers = { cookie: cookie.split(';', 1)[0] ?? '' }
    expect((await ask('GET', '/w/one/_emulator/apps', undefined, headers)).status).toBe(200)
  })
})

it('a world’s phone is below its address with a slash', async () => {
  const response = await fetch(`${emulator.url}/w/one?phones=2`, { redirect: 'manual' })
  expect([response.status, response.headers.get('location')]).toEqual([308, '/w/one/?phones=2'])
  const page = await fetch(`${emulator.url}/w/one/`)
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
})
