import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  startPushReceiver,
  tinyPng,
  type PushReceiver,
  type ReceiverAnswer,
} from '../../test/push-receiver.js'
import { createEmulator, type Delivery, type Emulator, type PhoneMessage } from './index.js'

const app = { appId: 'wx00000000000000a1', appSecret: 'a-planted-secret', token: 'a-planted-token' }
const encodingAESKey = 'aPlantedKeyaPlantedKeyaPlantedKeyaPlantedKe'
const users = `/apps/${app.appId}/users`

let receiver: PushReceiver
let emulator: Emulator
let answer: ReceiverAnswer

beforeAll(async () => {
  receiver = await startPushReceiver((request) => request.query['echostr'] ?? answer)
  emulator = await createEmulator()
})
beforeEach(async () => {
  answer = 'success'
  await emulator.reset()
  await call('POST', '/apps', { ...app, encodingAESKey, pushUrl: receiver.url })
})
afterAll(async () => {
  await emulator.close()
  await receiver.close()
})

interface Reply {
  status: number
  body: unknown
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<Reply> {
  const response = await fetch(`${emulator.url}/_emulator${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

function error(code: string, message: string | RegExp): unknown {
  return { error: { code, message: expect.stringMatching(message) as string } }
}

describe('apps', () => {
  it('are listed without their secrets', async () => {
    const view = {
      appId: app.appId,
      name: app.appId,
      originalId: expect.stringMatching(/^gh_[0-9a-f]{12}$/) as string,
      mode: 'secure',
      format: 'json',
      pushUrl: receiver.url,
    }
    expect(await call('GET', '/apps')).toEqual({ status: 200, body: { items: [view] } })
  })

  it('take new settings when they are added again', async () => {
    await call('POST', '/apps', { ...app, mode: 'plain', format: 'xml', name: '小店', pushUrl: receiver.url })
    expect((await call('GET', '/apps')).body).toMatchObject({
      items: [{ mode: 'plain', format: 'xml', name: '小店' }],
    })
  })

  it.each<[Record<string, unknown>, RegExp]>([
    [{ appId: undefined }, /^appId: is missing$/],
    [{ appId: 'a b' }, /^appId: must be 1 to 64 letters/],
    [{ appSecret: '' }, /^appSecret: must not be empty/],
    [{ encodingAESKey: 'short' }, /^encodingAESKey: must be 43/],
    [{ encodingAESKey: undefined }, /^encodingAESKey: is missing: .* "mode": "plain"/],
    [{ mode: 'safe' }, /^mode: .*"plain"\|"compatible"\|"secure"/],
    [{ pushUrl: 'localhost:3000' }, /^pushUrl: must be an http or https URL/],
    [{ pushUrl: 'file:///etc/passwd' }, /^pushUrl: must be an http or https URL/],
    [{ pushURL: 'http://a' }, /^pushURL: is not known here$/],
    [{ contentType: 'text/xml\r\nx: y' }, /^contentType: must be a media type/],
  ])('with %j are refused by name', async (changes, message) => {
    const { status, body } = await call('POST', '/apps', {
      ...app,
      encodingAESKey,
      pushUrl: receiver.url,
      ...changes,
    })
    expect(status).toBe(400)
    expect(body).toEqual(error('invalid_input', message))
  })

  it('have their URL verified as when the configuration is saved', async () => {
    expect((await call('POST', `/apps/${app.appId}/verify`)).body).toEqual({
      ok: true,
      status: 200,
      problem: null,
    })
    expect(receiver.received.at(-1)).toMatchObject({
      method: 'GET',
      query: {
        signature: expect.stringMatching(/^[0-9a-f]{40}$/) as string,
        echostr: expect.stringMatching(/^\d{20}$/) as string,
      },
    })
    const wrong = await startPushReceiver(() => 'hello')
    await call('POST', '/apps', { ...app, encodingAESKey, pushUrl: wrong.url })
    expect((await call('POST', `/apps/${app.appId}/verify`)).body).toEqual({
      ok: false,
      status: 200,
      problem: expect.stringContaining('must be the echostr') as string,
    })
    await wrong.close()
    expect((await call('POST', `/apps/${app.appId}/verify`)).body).toMatchObject({ ok: false, status: null })
  })
})

describe('customers', () => {
  it('send messages, and the answer is the push with all its attempts', async () => {
    answer = { status: 500, body: '' }
    const { status, body } = await call('POST', `${users}/o1/messages`, { msgType: 'text', content: '你好' })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      appId: app.appId,
      openId: 'o1',
      kind: 'text',
      state: 'failed',
      answer: null,
    })
    expect((body as Delivery).attempts).toHaveLength(3)
    const { items } = (await call('GET', `${users}/o1/messages`)).body as { items: PhoneMessage[] }
    expect(items.map(({ from, content }) => [from, content.msgType])).toEqual([
      ['user', 'text'],
      ['system', 'system'],
    ])
    const later = await call('GET', `${users}/o1/messages?after=${items[0]?.sequence ?? 0}`)
    expect(later.body).toEqual({ items: items.slice(1) })
  })

  it('get their answer at once when nobody waits for the push', async () => {
    const { body } = await call('POST', `${users}/o1/messages?wait=false`, {
      msgType: 'text',
      content: '你好',
    })
    expect(body).toMatchObject({ state: 'pending', attempts: [] })
    await expect.poll(() => emulator.deliveries.at(-1)?.state).toBe('answered')
  })

  it('get their answer at once when a fault keeps the push back', async () => {
    await call('POST', '/faults', { push: 'reorder' })
    const { body } = await call('POST', `${users}/o1/messages`, { msgType: 'text', content: '1' })
    expect(body).toMatchObject({ state: 'held' })
    await call('POST', `${users}/o1/messages`, { msgType: 'text', content: '2' })
    await expect.poll(() => emulator.deliveries.map(({ state }) => state)).toEqual(['answered', 'answered'])
  })

  it('enter, with or without saying from where', async () => {
    expect((await call('POST', `${users}/o1/enter`, { sessionFrom: '订单' })).body).toMatchObject({
      kind: 'user_enter_tempsession',
      plaintext: expect.stringContaining('"SessionFrom": "订单"') as string,
    })
    expect((await call('POST', `${users}/o1/enter`, undefined, {})).body).toMatchObject({
      plaintext: expect.stringContaining('"SessionFrom": "wxapp"') as string,
    })
    expect((await call('GET', `${users}/o1`)).body).toMatchObject({
      appId: app.appId,
      openId: 'o1',
      allowance: { remaining: 2 },
      typingUntil: null,
      officialUntil: null,
    })
  })

  it('send pictures that were uploaded', async () => {
    const upload = await fetch(`${emulator.url}/_emulator/media`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: tinyPng,
    })
    const { mediaId, url } = (await upload.json()) as { mediaId: string; url: string }
    await call('POST', `${users}/o1/messages`, { msgType: 'image', mediaId })
    const { items } = (await call('GET', `${users}/o1/messages`)).body as { items: PhoneMessage[] }
    expect(items[0]?.content).toEqual({ msgType: 'image', mediaId, url })
    const picture = await fetch(emulator.url + url)
    expect(picture.headers.get('content-type')).toBe('image/png')
    expect(picture.headers.get('x-content-type-options')).toBe('nosniff')
    expect(Buffer.from(await picture.arrayBuffer())).toEqual(tinyPng)
  })

  it.each<[unknown, RegExp]>([
    [{}, /^msgType: /],
    [{ msgType: 'video' }, /^msgType: /],
    [{ msgType: 'text' }, /^content: is missing$/],
    [{ msgType: 'text', content: '' }, /^content: must not be empty$/],
    [{ msgType: 'image', mediaId: 'none' }, /^mediaId: there is no such picture; POST its bytes/],
    [{ msgType: 'event', event: 'a', fields: { '<x>': 1 } }, /^fields: has a name/],
    [{ msgType: 'event', event: 'a', fields: { List: [{ 'a b': 1 }] } }, /^fields: has a name/],
    [{ msgType: 'miniprogrampage', title: '', pagePath: '', thumbUrl: 'javascript:alert(1)' }, /^thumbUrl: /],
    [[], /./],
    ['null', /./],
  ])('are told what is wrong with %j', async (input, message) => {
    const { status, body } = await call('POST', `${users}/o1/messages`, input)
    expect(status).toBe(400)
    expect(body).toEqual(error('invalid_input', message))
    expect(emulator.deliveries).toEqual([])
  })
})

describe('WeChat’s own agents', () => {
  it('talk to the customer until they close, and nothing is pushed meanwhile', async () => {
    await call('POST', '/apps', { ...app, mode: 'plain', pushUrl: receiver.url })
    const { items } = (await call('GET', '/apps')).body as { items: { originalId: string }[] }
    answer = JSON.stringify({
      ToUserName: 'o1',
      FromUserName: items[0]?.originalId,
      CreateTime: 1,
      MsgType: 'transfer_customer_service',
    })
    await call('POST', `${users}/o1/messages`, { msgType: 'text', content: '人工' })
    const taken = await call('POST', `${users}/o1/messages`, { msgType: 'text', content: '在吗' })
    expect(taken.body).toMatchObject({
      message: { from: 'user', content: { content: '在吗' } },
      delivery: null,
    })
    expect(
      (await call('POST', `${users}/o1/official`, { action: 'say', content: '在的' })).body,
    ).toMatchObject({
      officialUntil: expect.any(Number) as number,
    })
    answer = 'success'
    expect((await call('POST', `${users}/o1/enter`)).body).toMatchObject({ state: 'answered' })
    expect((await call('POST', `${users}/o1/official`, { action: 'close' })).body).toMatchObject({
      officialUntil: null,
    })
    expect(
      (await call('POST', `${users}/o1/messages`, { msgType: 'text', content: '谢谢' })).body,
    ).toMatchObject({
      state: 'answered',
    })
    expect(
      emulator.user('o1').messages.map(({ from, content }) => [from, 'kind' in content && content.kind]),
    ).toEqual([
      ['user', false],
      ['system', 'transferred'],
      ['official', false],
      ['user', false],
      ['official', false],
      ['system', 'official_ended'],
      ['user', false],
    ])
  })

  it('can’t be spoken for while they do not have the conversation', async () => {
    const { status, body } = await call('POST', `${users}/o1/official`, { action: 'say', content: '在的' })
    expect(status).toBe(409)
    expect(body).toEqual(
      error('no_official_session', /must be answered with transfer_customer_service first/),
    )
  })
})

describe('faults and the clock', () => {
  it('are set, listed and taken away', async () => {
    const { body } = await call('POST', '/faults', { path: '/cgi-bin', times: 2, errcode: -1 })
    expect(body).toMatchObject({
      id: expect.any(String) as string,
      path: '/cgi-bin',
      times: 2,
      errcode: -1,
      remaining: 2,
    })
    expect((await call('GET', '/faults')).body).toEqual({ items: [body] })
    expect((await call('DELETE', '/faults')).status).toBe(204)
    expect((await call('GET', '/faults')).body).toEqual({ items: [] })
    expect((await call('POST', '/faults', { errcode: 1, delayMs: 1 })).body).toEqual(
      error('invalid_input', /exactly one/),
    )
  })

  it('go forward, and back to real time with a reset', async () => {
    const { body } = await call('POST', '/clock', { advanceMs: 3_600_000 })
    expect(body).toEqual({ now: expect.any(Number) as number, advancedMs: 3_600_000 })
    expect((body as { now: number }).now - Date.now()).toBeGreaterThan(3_500_000)
    expect((await call('POST', '/clock', { advanceMs: -1 })).body).toEqual(
      error('invalid_input', /^advanceMs: must not be negative/),
    )
    expect((await call('POST', '/reset', undefined, {})).status).toBe(204)
    expect((await call('GET', '/clock')).body).toMatchObject({ advancedMs: 0 })
  })

  it('leave the apps, and nothing else, with a reset', async () => {
    await call('POST', `${users}/o1/messages`, { msgType: 'text', content: '你好' })
    await call('POST', '/faults', { errcode: -1 })
    await call('POST', '/reset')
    for (const path of [`${users}/o1/messages`, '/faults', '/deliveries', '/calls'])
      expect((await call('GET', path)).body).toEqual({ items: [] })
    expect((await call('GET', '/apps')).body).toMatchObject({ items: [{ appId: app.appId }] })
  })
})

describe('what was recorded', () => {
  it('is listed, all of it or what came after', async () => {
    await call('POST', `${users}/o1/messages`, { msgType: 'text', content: '1' })
    await call('POST', `${users}/o1/messages`, { msgType: 'text', content: '2' })
    await fetch(`${emulator.url}/cgi-bin/token`)
    const { items } = (await call('GET', '/deliveries')).body as { items: Delivery[] }
    expect(items).toHaveLength(2)
    expect((await call('GET', `/deliveries?after=${items[0]?.sequence ?? 0}`)).body).toEqual({
      items: items.slice(1),
    })
    expect((await call('GET', '/calls')).body).toMatchObject({
      items: [{ request: { path: '/cgi-bin/token' } }],
    })
    expect((await call('GET', '/calls?after=x')).body).toEqual(error('invalid_input', /^after: /))
  })
})

describe('the control API refuses', () => {
  it.each([
    ['GET', '/nothing', 404],
    ['GET', `/apps/wx9/users/o1`, 404],
    ['POST', `/apps/wx9/users/o1/messages`, 404],
    ['POST', '/apps/wx9/verify', 404],
    ['GET', '/media/none', 404],
    ['DELETE', '/apps', 405],
    ['PUT', '/faults', 405],
    ['GET', `${users}/o%201`, 400],
    ['GET', `${users}/${'o'.repeat(65)}`, 400],
    ['GET', `${users}/%E0%A4%A`, 400],
  ])('%s %s with %i', async (method, path, status) => {
    const reply = await call(method, path, method === 'POST' ? { msgType: 'text', content: 'a' } : undefined)
    expect(reply.status).toBe(status)
    expect(reply.body).toMatchObject({
      error: { code: expect.any(String) as string, message: expect.any(String) as string },
    })
  })

  it('what is no JSON, does not say so, or is too large', async () => {
    expect(await call('POST', '/clock', '{"advanceMs":1}', { 'content-type': 'text/plain' })).toMatchObject({
      status: 415,
    })
    expect(await call('POST', '/clock', '{', { 'content-type': 'application/json' })).toEqual({
      status: 400,
      body: error('invalid_json', 'not JSON'),
    })
    expect(await call('POST', '/clock', ' '.repeat(300_000))).toMatchObject({ status: 413 })
  })

  it('media that are no pictures, or too large', async () => {
    const image = { 'content-type': 'image/png' }
    expect(await call('POST', '/media', '<svg/>', image)).toMatchObject({ status: 415 })
    expect(await call('POST', '/media', 'a', { 'content-type': 'text/plain' })).toMatchObject({ status: 415 })
    expect(await call('POST', '/media', 'a'.repeat(10 * 1024 * 1024 + 1), image)).toMatchObject({
      status: 413,
    })
  })
})

it('keeps an app’s secrets out of what it lists and logs', async () => {
  const lines: string[] = []
  const log = (fields: object, message: string): void => {
    lines.push(JSON.stringify({ ...fields, message }))
  }
  const logger = { debug: log, info: log, warn: log, error: log }
  const logged = await createEmulator({ logger, apps: [{ ...app, encodingAESKey, pushUrl: receiver.url }] })
  answer = { status: 500, body: 'a-planted-answer' }
  await logged.user('o1').sends('a-planted-text')
  const query = `grant_type=client_credential&appid=${app.appId}&secret=${app.appSecret}`
  await fetch(`${logged.url}/cgi-bin/token?${query}`)
  const apps = await (await fetch(`${logged.url}/_emulator/apps`)).text()
  await logged.close()
  expect(lines.length).toBeGreaterThan(1)
  for (const secret of [app.appSecret, app.token, encodingAESKey, 'a-planted-text', 'a-planted-answer'])
    expect(lines.join('\n') + apps).not.toContain(secret)
})
