import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startPushReceiver, tinyPng, type PushReceiver } from '../../test/push-receiver.js'
import { createEmulator, type Emulator, type EmulatorOptions, type SetupInput } from './index.js'
import { checkSetup } from './setup.js'

const app = { appId: 'wx00000000000000a1', appSecret: 'secret', token: 'token' }
const encodingAESKey = 'aPlantedKeyaPlantedKeyaPlantedKeyaPlantedKe'
const pushUrl = 'http://127.0.0.1:9/wechat'
const plain = { ...app, mode: 'plain' as const, pushUrl }

let receiver: PushReceiver
let emulators: Emulator[]

beforeEach(async () => {
  emulators = []
  receiver = await startPushReceiver()
})
afterEach(async () => {
  await Promise.all(emulators.map((emulator) => emulator.close()))
  await receiver.close()
})

async function emulate(options: EmulatorOptions): Promise<Emulator> {
  const emulator = await createEmulator(options)
  emulators.push(emulator)
  return emulator
}

async function control(emulator: Emulator, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${emulator.url}/_emulator${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return response.status === 204 ? undefined : response.json()
}

describe('what there is at the start', () => {
  it('is apps, customers with what they did, faults and stubs, and nothing is pushed', async () => {
    const emulator = await emulate({
      apps: [{ ...plain, pushUrl: receiver.url }],
      users: [
        { openId: 'o1', said: ['在吗', { msgType: 'miniprogrampage', title: '茶壶', pagePath: 'a' }] },
        { openId: 'o2', entered: { sessionFrom: 'order=42' } },
        { openId: 'o3' },
        {},
      ],
      faults: [{ path: '/cgi-bin/message', errcode: -1 }],
      stubs: [{ path: '/wxa/msg_sec_check', answer: { errcode: 0 } }],
    })
    const user = emulator.user('o1')
    expect(user.messages.map(({ from, content }) => [from, content.msgType])).toEqual([
      ['user', 'text'],
      ['user', 'miniprogrampage'],
    ])
    expect(
      [user, emulator.user('o2'), emulator.user('o3')].map(({ allowance }) => allowance.remaining),
    ).toEqual([5, 2, 0])
    expect(emulator.faults.items).toMatchObject([{ errcode: -1, remaining: 1 }])
    expect(emulator.stubs.items).toMatchObject([{ path: '/wxa/msg_sec_check' }])
    expect(emulator.deliveries).toEqual([])
    const known = (await control(emulator, 'GET', `/apps/${app.appId}/users`)) as { items: unknown[] }
    expect(known.items).toMatchObject([{ openId: 'o1' }, { openId: 'o2' }])
  })

  it('is pushed where that is wanted', async () => {
    const emulator = await emulate({
      apps: [{ ...plain, pushUrl: receiver.url }],
      users: [{ openId: 'o1', entered: { sessionFrom: 'order=42' }, said: ['在吗'], pushed: true }],
    })
    await expect.poll(() => emulator.deliveries.map(({ state }) => state)).toEqual(['answered', 'answered'])
    expect(receiver.received.map(({ body }) => JSON.parse(body) as object)).toMatchObject([
      { Event: 'user_enter_tempsession', SessionFrom: 'order=42' },
      { Content: '在吗' },
    ])
  })

  it('can be added at any time, and again after a reset', async () => {
    const emulator = await emulate({})
    const seed: SetupInput = { apps: [plain], users: [{ said: ['在吗'] }], faults: [{ errcode: -1 }] }
    const added = await control(emulator, 'POST', '/seed', seed)
    expect(added).toMatchObject({
      apps: [{ appId: app.appId }],
      users: [{ appId: app.appId, allowance: { remaining: 5 } }],
      faults: [{ errcode: -1 }],
      stubs: [],
    })
    expect((added as { users: { openId: string }[] }).users[0]?.openId).toMatch(/^o[\w-]{27}$/)
    await emulator.reset()
    expect(await control(emulator, 'GET', `/apps/${app.appId}/users`)).toEqual({ items: [] })
    expect(
      await control(emulator, 'POST', '/seed', { users: [{ openId: 'o1', said: ['在吗'] }] }),
    ).toMatchObject({
      users: [{ openId: 'o1' }],
    })
    expect(
      await control(emulator, 'POST', '/seed', { apps: [{ ...plain, pushUrl: 'http://app/' }] }),
    ).toMatchObject({
      error: { message: expect.stringContaining('app is not this machine') as string },
    })
  })

  it('may have a customer with an OpenID of the emulator’s', async () => {
    const emulator = await emulate({ apps: [plain] })
    const path = `/apps/${app.appId}/users`
    expect(await control(emulator, 'POST', path)).toMatchObject({
      openId: expect.stringMatching(/^o[\w-]{27}$/) as string,
      allowance: { remaining: 0 },
    })
    expect(await control(emulator, 'POST', path, { openId: 'o7', entered: true })).toMatchObject({
      openId: 'o7',
      allowance: { remaining: 2 },
    })
  })

  it.each<[unknown, string]>([
    [[], 'Invalid input: expected object, received array'],
    [{ user: [] }, 'user: is not known here'],
    [{ apps: [app] }, 'apps.0.pushUrl: is missing'],
    [{ apps: [{ ...plain, mode: 'secure' }] }, 'apps.0.encodingAESKey: is missing'],
    [{ apps: [plain], users: [{ said: [''] }] }, 'users.0.said.0: '],
    [
      { apps: [plain], users: [{}, { said: ['a', { msgType: 'text', content: '' }] }] },
      'users.1.said.1.content: must not be empty',
    ],
    [{ apps: [plain], users: [{ said: [{ msgType: 'image', mediaId: 'a' }] }] }, 'users.0.said.0.msgType: '],
    [{ apps: [plain], users: [{ entered: { from: 'a' } }] }, 'users.0.entered.from: is not known here'],
    [{ apps: [plain], users: [{ appId: 'wx9' }] }, 'users.0.appId: there is no app wx9'],
    [{ users: [{}] }, 'users.0.appId: is missing: there are 0 apps'],
    [
      { apps: [plain, { ...plain, appId: 'wx2' }], users: [{}] },
      'users.0.appId: is missing: there are 2 apps',
    ],
    [{ faults: [{ errcode: -1 }, { times: 1 }] }, 'faults.1: say what shall go wrong'],
    [{ stubs: [{ path: '/wxa/a' }] }, 'stubs.0.answer: is missing'],
    [{ stubs: [{ path: '/cgi-bin/token', answer: {} }] }, 'stubs.0.path: /cgi-bin/token is one that'],
  ])('%j is refused, and the place is named', (input, message) => {
    expect(() => checkSetup(input)).toThrow(message)
  })

  it('is refused before anything listens or is changed', async () => {
    await expect(createEmulator({ apps: [plain], users: [{ appId: 'wx9' }] })).rejects.toThrow(
      'users.0.appId',
    )
    await expect(createEmulator({ seed: '' })).rejects.toThrow('must not be empty')
    await expect(createEmulator({ clock: '2026-01-01' })).rejects.toThrow('must be a time with its zone')
    const emulator = await emulate({})
    const refused = { apps: [plain], stubs: [{ path: '/', answer: 1 }] }
    expect(await control(emulator, 'POST', '/seed', refused)).toMatchObject({
      error: { code: 'invalid_input' },
    })
    expect(await control(emulator, 'GET', '/apps')).toEqual({ items: [] })
  })
})

describe('a seed and a clock that stands still', () => {
  /** One run: what an app, two customers and a service that sends see. */
  async function run(options: EmulatorOptions): Promise<string> {
    const emulator = await emulate({
      ...options,
      apps: [{ ...app, encodingAESKey, pushUrl: receiver.url }],
      users: [{ said: ['早上好'] }],
    })
    const text = async (path: string, init?: RequestInit): Promise<string> =>
      (await fetch(emulator.url + path, init)).text()
    const token = await text(
      `/cgi-bin/token?grant_type=client_credential&appid=${app.appId}&secret=${app.appSecret}`,
    )
    const { access_token: accessToken } = JSON.parse(token) as { access_token: string }
    const openId = await control(emulator, 'POST', `/apps/${app.appId}/users`)
    // Side by side: who comes first must not matter.
    await Promise.all(['o1', 'o2'].map((name) => emulator.user(name).enters()))
    await emulator.user('o1').sends('在吗')
    emulator.advance(60_000)
    await emulator.user('o1').sends('还在吗')
    const picture = await text('/_emulator/media', {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: tinyPng,
    })
    await control(emulator, 'POST', `/apps/${app.appId}/verify`)
    const form = new FormData()
    form.set('media', new Blob([tinyPng], { type: 'image/png' }), 'a.png')
    const upload = await text(`/cgi-bin/media/upload?type=image&access_token=${accessToken}`, {
      method: 'POST',
      body: form,
    })
    const refusal = await text('/cgi-bin/message/custom/send', { method: 'POST', body: '{}' })
    const pushes = emulator.deliveries
      .toSorted((a, b) => (a.openId + a.kind < b.openId + b.kind ? -1 : 1))
      .map(({ plaintext, attempts }) => [
        plaintext,
        attempts.map(({ startedAt, request }) => [startedAt, request.url, request.body]),
      ])
    const verified = receiver.received.at(-1)?.query
    const all = {
      token,
      openId,
      picture,
      upload,
      refusal,
      pushes,
      verified,
      messages: emulator.user('o1').messages,
    }
    // Ports are the machine's.
    return JSON.stringify(all).replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
  }

  it('give the same ids, tokens, nonces and times, byte by byte, in each run', async () => {
    const options = { seed: 'seven', clock: '2026-01-01T08:00:00+08:00' }
    const first = await run(options)
    expect(await run(options)).toBe(first)
    expect(first).toContain('1767225600')
    expect(first).toContain('1767225660')
    expect(await run({ ...options, seed: 'eight' })).not.toBe(first)
  })

  it('are new each time without them', async () => {
    const seeded = await run({ clock: 1_767_225_600_000 })
    expect(await run({ clock: 1_767_225_600_000 })).not.toBe(seeded)
  })

  it('go on after a reset, and begin anew with a new emulator', async () => {
    const push = async (emulator: Emulator): Promise<unknown> =>
      /"MsgId": (\d+)/.exec((await emulator.user('o1').sends('1')).plaintext)?.[1]
    const options = { seed: 'seven', apps: [{ ...plain, pushUrl: receiver.url }] }
    const emulator = await emulate(options)
    const first = await push(emulator)
    await emulator.reset()
    expect(await push(emulator)).not.toBe(first)
    expect(await push(await emulate(options))).toBe(first)
  })
})
