import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startPushReceiver, tinyPng, type PushReceiver } from '../../test/push-receiver.js'
import { createEmulator, type Emulator, type UserHandle } from './index.js'

const app = { appId: 'wx00000000000000a1', appSecret: 'secret-of-a1', token: 'token', mode: 'plain' as const }
const other = { ...app, appId: 'wx00000000000000b2', appSecret: 'secret-of-b2' }
const ridAtEnd = / rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/
const minute = 60_000
const hour = 60 * minute

interface Answer {
  errcode?: number
  errmsg?: string
  access_token?: string
  expires_in?: number
  media_id?: string
  [name: string]: unknown
}

let receiver: PushReceiver
let emulator: Emulator
let token: string
let user: UserHandle

beforeAll(async () => {
  receiver = await startPushReceiver()
  emulator = await createEmulator()
  for (const input of [app, other]) emulator.addApp({ ...input, pushUrl: receiver.url })
})
beforeEach(async () => {
  await emulator.reset()
  token = (await getToken()).access_token ?? ''
  user = emulator.user('customer-1', app.appId)
})
afterAll(async () => {
  await emulator.close()
  await receiver.close()
})

async function read(response: Response): Promise<Answer> {
  expect(response.status).toBe(200)
  return (await response.json()) as Answer
}

async function get(path: string): Promise<Answer> {
  return read(await fetch(emulator.url + path))
}

async function post(path: string, body: unknown, accessToken = token): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return read(
    await fetch(`${emulator.url}${path}?access_token=${accessToken}`, { method: 'POST', body: text }),
  )
}

function getToken(changes: Record<string, string | undefined> = {}): Promise<Answer> {
  const all = { grant_type: 'client_credential', appid: app.appId, secret: app.appSecret, ...changes }
  return get(
    `/cgi-bin/token?${new URLSearchParams(JSON.parse(JSON.stringify(all)) as typeof app).toString()}`,
  )
}

function send(message: Record<string, unknown>): Promise<Answer> {
  return post('/cgi-bin/message/custom/send', { touser: 'customer-1', ...message })
}

function sendText(content: unknown): Promise<Answer> {
  return send({ msgtype: 'text', text: { content } })
}

function upload(
  part: string | Uint8Array<ArrayBuffer> | undefined,
  options: { type?: string; field?: string; token?: string } = {},
): Promise<Answer> {
  const form = new FormData()
  if (part !== undefined) form.set(options.field ?? 'media', new Blob([part], { type: 'image/png' }), 'a.png')
  const query = `access_token=${options.token ?? token}&type=${options.type ?? 'image'}`
  return fetch(`${emulator.url}/cgi-bin/media/upload?${query}`, { method: 'POST', body: form }).then(read)
}

describe('access tokens', () => {
  it('are given for the right credentials', async () => {
    const answer = await getToken()
    expect(answer).toEqual({ access_token: expect.any(String) as string, expires_in: 7200 })
  })

  it.each([
    [{ appid: undefined }, 41002],
    [{ secret: undefined }, 41004],
    [{ grant_type: 'password' }, 40002],
    [{ grant_type: undefined }, 40002],
    [{ appid: 'wx9999999999999999' }, 40013],
    [{ secret: 'wrong' }, 40125],
  ])('are refused for %j with %i', async (changes, errcode) => {
    const answer = await getToken(changes)
    expect(answer.errcode).toBe(errcode)
    expect(answer.errmsg).toMatch(ridAtEnd)
  })

  it('of the stable kind stay the same and are apart from classic ones', async () => {
    const body = { grant_type: 'client_credential', appid: app.appId, secret: app.appSecret }
    const first = await post('/cgi-bin/stable_token', body)
    expect(first.expires_in).toBeGreaterThan(7100)
    expect(await post('/cgi-bin/stable_token', body)).toMatchObject({ access_token: first.access_token })
    expect(first.access_token).not.toBe(token)
    const forced = await post('/cgi-bin/stable_token', { ...body, force_refresh: true })
    expect(forced.access_token).not.toBe(first.access_token)
    expect(await post('/cgi-bin/stable_token', { ...body, force_refresh: true })).toMatchObject({
      errcode: 45011,
    })
    expect(await get(`/cgi-bin/getcallbackip?access_token=${first.access_token ?? ''}`)).toMatchObject({
      errcode: 40001,
    })
    expect(await post('/cgi-bin/stable_token', { ...body, secret: 'wrong' })).toMatchObject({
      errcode: 40125,
    })
    expect(await get('/cgi-bin/stable_token')).toMatchObject({ errcode: 43002 })
  })

  it('that are missing, malformed, unknown, replaced or expired are told apart', async () => {
    const path = '/cgi-bin/getcallbackip'
    const errcode = async (value: string): Promise<unknown> =>
      (await get(`${path}?access_token=${value}`)).errcode
    expect((await get(path)).errcode).toBe(41001)
    expect(await errcode('')).toBe(41001)
    expect(await errcode('ACCESS_TOKEN')).toBe(40014)
    expect(await errcode(`96_${'x'.repeat(133)}`)).toBe(40001)
    expect(await errcode(token)).toBeUndefined()
    await getToken()
    expect(await errcode(token)).toBeUndefined()
    emulator.advance(5 * minute)
    expect(await errcode(token)).toBe(40001)
    const last = (await getToken()).access_token ?? ''
    emulator.advance(2 * hour)
    expect(await errcode(last)).toBe(42001)
  })

  it('still work, as long as before, after a reset', async () => {
    emulator.advance(100 * hour)
    const fresh = (await getToken()).access_token ?? ''
    await emulator.reset()
    expect(await get(`/cgi-bin/getcallbackip?access_token=${fresh}`)).toEqual({ ip_list: ['127.0.0.1'] })
    emulator.advance(2 * hour)
    expect(await get(`/cgi-bin/getcallbackip?access_token=${fresh}`)).toMatchObject({ errcode: 42001 })
  })
})

describe('sending', () => {
  it('shows each type that a Mini Program may send on the phone', async () => {
    await user.sends('在吗')
    const { media_id } = await upload(tinyPng)
    const url = `/_emulator/media/${media_id ?? ''}`
    expect(await sendText('您好 <b>😀</b>\n]]>')).toEqual({ errcode: 0, errmsg: 'ok' })
    await send({ msgtype: 'image', image: { media_id } })
    await send({
      msgtype: 'link',
      link: { title: '标题', description: '说明', url: 'https://a.cn', thumb_url: 'https://a.cn/b.png' },
    })
    await send({
      msgtype: 'miniprogrampage',
      miniprogrampage: { title: '卡片', pagepath: 'pages/a?b=1', thumb_media_id: media_id },
    })
    expect(user.messages.map(({ from, content }) => [from, content])).toEqual([
      ['user', { msgType: 'text', content: '在吗' }],
      ['service', { msgType: 'text', content: '您好 <b>😀</b>\n]]>' }],
      ['service', { msgType: 'image', mediaId: media_id, url }],
      [
        'service',
        {
          msgType: 'link',
          title: '标题',
          description: '说明',
          url: 'https://a.cn',
          thumbUrl: 'https://a.cn/b.png',
        },
      ],
      [
        'service',
        {
          msgType: 'miniprogrampage',
          title: '卡片',
          pagePath: 'pages/a?b=1',
          appId: app.appId,
          thumbUrl: url,
        },
      ],
    ])
  })

  it('puts WeChat’s line under what an AI wrote', async () => {
    await user.sends('在吗')
    await send({ msgtype: 'text', text: { content: 'AI' }, aimsgcontext: { is_ai_msg: 1 } })
    await sendText('人')
    expect(user.messages.map((message) => message.isAiMsg)).toEqual([undefined, true, undefined])
  })

  it.each([
    ['an unknown customer', { touser: 'nobody', msgtype: 'text', text: { content: 'a' } }, 40003],
    ['no customer', { touser: undefined, msgtype: 'text', text: { content: 'a' } }, 40003],
    ['no type', {}, 40008],
    ['an empty text', { msgtype: 'text', text: { content: '' } }, 44004],
    ['no text at all', { msgtype: 'text' }, 44004],
    ['2049 bytes of text', { msgtype: 'text', text: { content: `${'好'.repeat(682)}abc` } }, 45002],
    ['a picture that is not there', { msgtype: 'image', image: { media_id: 'none' } }, 40007],
    [
      'a card whose picture is not there',
      { msgtype: 'miniprogrampage', miniprogrampage: { title: 'a', pagepath: 'b' } },
      40007,
    ],
    [
      'a card of another Mini Program',
      { msgtype: 'miniprogrampage', miniprogrampage: { title: 'a', pagepath: 'b', appid: other.appId } },
      40013,
    ],
    ['a link that leads nowhere', { msgtype: 'link', link: { title: 'a' } }, 40097],
    ['official accounts’ news', { msgtype: 'news', news: { articles: [] } }, 45162],
    ['official accounts’ menus', { msgtype: 'msgmenu', msgmenu: {} }, 45162],
    ['a transfer', { msgtype: 'transfer_customer_service' }, 45162],
  ])('refuses %s', async (_what, message, errcode) => {
    await user.sends('在吗')
    const answer = await send(message)
    expect(answer.errcode).toBe(errcode)
    expect(answer.errmsg).toMatch(ridAtEnd)
    expect(user.allowance.remaining).toBe(5)
  })

  it('takes 2048 bytes of text', async () => {
    await user.sends('在吗')
    expect(await sendText(`${'好'.repeat(682)}ab`)).toMatchObject({ errcode: 0 })
  })

  it('knows a customer of one Mini Program for that one only', async () => {
    await emulator.user('customer-1', other.appId).sends('在吗')
    expect(await sendText('a')).toMatchObject({ errcode: 40003 })
  })

  it('refuses what is no JSON object, nothing at all, and other methods', async () => {
    const path = '/cgi-bin/message/custom/send'
    expect(await post(path, '{"touser":')).toMatchObject({ errcode: 47001 })
    expect(await post(path, '[]')).toMatchObject({ errcode: 47001 })
    expect(await post(path, '')).toMatchObject({ errcode: 44002 })
    expect(await get(`${path}?access_token=${token}`)).toMatchObject({ errcode: 43002 })
    expect(await post('/cgi-bin/message/custom/business/send', { touser: 'a' })).toMatchObject({
      errcode: 40101,
    })
    expect(await post('/cgi-bin/message/custom/sent', {})).toMatchObject({ errcode: 40066 })
  })

  it('shows \\uXXXX escapes as they are, and other escapes as what they stand for', async () => {
    await user.sends('在吗')
    const body = String.raw`{"touser":"customer-1","msgtype":"text","text":{"content":"\u4f60好\n\"\/\\u597d"}}`
    await post('/cgi-bin/message/custom/send', body)
    expect(user.messages.at(-1)?.content).toEqual({
      msgType: 'text',
      content: String.raw`\u4f60好` + '\n"/\\u597d',
    })
  })

  it('ends when the allowance is used up, and when its time has passed', async () => {
    await user.sends('在吗')
    for (let i = 0; i < 5; i++) expect(await sendText(`${i}`)).toMatchObject({ errcode: 0 })
    expect(await sendText('6')).toMatchObject({ errcode: 45047 })
    await user.sends('还在吗')
    emulator.advance(48 * hour)
    token = (await getToken()).access_token ?? ''
    expect(await sendText('7')).toMatchObject({ errcode: 45015 })
    expect(user.messages.filter(({ from }) => from === 'service')).toHaveLength(5)
  })

  it('may greet twice, within a minute, a customer who entered', async () => {
    await user.enters({ sessionFrom: 'order' })
    expect(user.allowance.remaining).toBe(2)
    for (const errcode of [0, 0, 45047]) expect(await sendText('您好')).toMatchObject({ errcode })
    emulator.advance(minute)
    expect(await sendText('您好')).toMatchObject({ errcode: 45015 })
  })
})

describe.each(['/cgi-bin/message/custom/typing', '/cgi-bin/message/custom/business/typing'])(
  'typing at %s',
  (path) => {
    const type = (command: string, touser = 'customer-1'): Promise<Answer> => post(path, { touser, command })

    it('shows, ends by itself, and is ended by a message', async () => {
      await user.sends('在吗')
      expect(await type('Typing')).toEqual({ errcode: 0, errmsg: 'ok' })
      expect(user.typing).toBe(true)
      expect(await type('Typing')).toMatchObject({ errcode: 45081 })
      await sendText('在')
      expect(user.typing).toBe(false)
      await type('Typing')
      emulator.advance(15_000)
      expect(user.typing).toBe(false)
    })

    it('can be taken back', async () => {
      await user.sends('在吗')
      await type('Typing')
      expect(await type('CancelTyping')).toMatchObject({ errcode: 0 })
      expect(user.typing).toBe(false)
    })

    it('is refused for other commands, strangers, silent customers, and outside the window', async () => {
      expect(await type('Typing')).toMatchObject({ errcode: 40003 })
      await user.enters()
      expect(await type('typing')).toMatchObject({ errcode: 45072 })
      emulator.advance(30_000)
      expect(await type('Typing')).toMatchObject({ errcode: 45080 })
      emulator.advance(30_000)
      expect(await type('Typing')).toMatchObject({ errcode: 45015 })
    })
  },
)

describe('media', () => {
  const fetchMedia = (mediaId: string, accessToken = token): Promise<Response> =>
    fetch(`${emulator.url}/cgi-bin/media/get?access_token=${accessToken}&media_id=${mediaId}`)

  it('come back byte for byte, with their type and a name', async () => {
    const uploaded = await upload(tinyPng)
    expect(uploaded).toMatchObject({ type: 'image', created_at: expect.any(Number) as number })
    const response = await fetchMedia(uploaded.media_id ?? '')
    expect(response.headers.get('content-type')).toBe('image/png')
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename=".+\.png"$/)
    expect(Buffer.from(await response.arrayBuffer())).toEqual(tinyPng)
  })

  it('are refused in a 200 that does not even say that it is JSON', async () => {
    const response = await fetchMedia('none')
    expect(response.headers.get('content-type')).toContain('text/plain')
    expect(await read(response)).toMatchObject({
      errcode: 40007,
      errmsg: expect.stringMatching(ridAtEnd) as string,
    })
    expect(await read(await fetchMedia(''))).toMatchObject({ errcode: 41006 })
  })

  it('are gone after three days', async () => {
    const { media_id = '' } = await upload(tinyPng)
    emulator.advance(72 * hour)
    token = (await getToken()).access_token ?? ''
    expect(await read(await fetchMedia(media_id))).toMatchObject({ errcode: 40007 })
    await user.sends('在吗')
    expect(await send({ msgtype: 'image', image: { media_id } })).toMatchObject({ errcode: 40007 })
  })

  it('of one Mini Program are none of another’s', async () => {
    const { media_id = '' } = await upload(tinyPng)
    const { access_token = '' } = await getToken({ appid: other.appId, secret: other.appSecret })
    expect(await read(await fetchMedia(media_id, access_token))).toMatchObject({ errcode: 40007 })
  })

  it('that a customer sent can be fetched by the app that they were sent to', async () => {
    await user.sendsImage(tinyPng)
    const { MediaId, PicUrl } = JSON.parse(receiver.received.at(-1)?.body ?? '') as Record<string, string>
    expect(Buffer.from(await (await fetchMedia(MediaId ?? '')).arrayBuffer())).toEqual(tinyPng)
    expect(Buffer.from(await (await fetch(PicUrl ?? '')).arrayBuffer())).toEqual(tinyPng)
    const { access_token = '' } = await getToken({ appid: other.appId, secret: other.appSecret })
    expect(await read(await fetchMedia(MediaId ?? '', access_token))).toMatchObject({ errcode: 40007 })
  })

  it('are refused when they are of another type, no picture, empty, too large, or not there', async () => {
    expect(await upload(tinyPng, { type: 'video' })).toMatchObject({ errcode: 40004 })
    expect(await upload('<svg xmlns="http://www.w3.org/2000/svg"/>')).toMatchObject({ errcode: 40005 })
    expect(await upload('')).toMatchObject({ errcode: 40006 })
    expect(await upload(Buffer.concat([tinyPng, Buffer.alloc(10 * 1024 * 1024)]))).toMatchObject({
      errcode: 45001,
    })
    expect(await upload(Buffer.concat([tinyPng, Buffer.alloc(12 * 1024 * 1024)]))).toMatchObject({
      errcode: 45001,
    })
    expect(await upload(tinyPng, { field: 'file' })).toMatchObject({ errcode: 41005 })
    expect(await upload(undefined)).toMatchObject({ errcode: 41005 })
    expect(await post('/cgi-bin/media/upload', 'no form')).toMatchObject({ errcode: 40004 })
  })
})

it.each([
  [
    'ends in the middle of a file',
    '--x\r\nContent-Disposition: form-data; name="media"; filename="a.png"\r\n\r\nabc',
  ],
  ['has no parts', ''],
  ['has parts without headers', '--x\r\n\r\nabc\r\n--x--'],
])('answers 41005 to an upload whose form %s', async (_what, body) => {
  const response = await fetch(`${emulator.url}/cgi-bin/media/upload?type=image&access_token=${token}`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
    body,
  })
  expect(await read(response)).toMatchObject({ errcode: 41005 })
})

describe('quotas and look-ups', () => {
  it('count the day’s calls and clear them', async () => {
    const cgi_path = '/cgi-bin/message/custom/send'
    await user.sends('在吗')
    await sendText('在')
    const used = async (): Promise<number> => {
      const { quota } = await post('/cgi-bin/openapi/quota/get', { cgi_path })
      return (quota as { used: number }).used
    }
    const before = await used()
    expect(before).toBeGreaterThan(0)
    expect(await post('/cgi-bin/openapi/quota/clear', { cgi_path })).toMatchObject({ errcode: 0 })
    expect(await used()).toBe(0)
    await sendText('在')
    expect(await used()).toBe(1)
    expect(await post('/cgi-bin/clear_quota', { appid: app.appId })).toMatchObject({ errcode: 0 })
    expect(await used()).toBe(0)
    expect(await post('/cgi-bin/clear_quota', { appid: other.appId })).toMatchObject({ errcode: 40013 })
    expect(await post('/cgi-bin/openapi/quota/get', { cgi_path: '/nothing' })).toMatchObject({
      errcode: 76021,
    })
  })

  it('clear by appid and secret without a token', async () => {
    const clear = (secret: string): Promise<Answer> =>
      fetch(`${emulator.url}/cgi-bin/clear_quota/v2?appid=${app.appId}&appsecret=${secret}`, {
        method: 'POST',
      }).then(read)
    expect(await clear('wrong')).toMatchObject({ errcode: 40125 })
    expect(await clear(app.appSecret)).toMatchObject({ errcode: 0 })
  })

  it('find a call by the rid of its answer, for the app that made it', async () => {
    const refused = await sendText('a')
    const rid = /rid: (.*)$/.exec(refused.errmsg ?? '')?.[1]
    const found = await post('/cgi-bin/openapi/rid/get', { rid })
    expect(found).toMatchObject({
      errcode: 0,
      request: {
        response_body: JSON.stringify(refused),
        client_ip: expect.stringContaining('127.0.0.1') as string,
      },
    })
    const request = found['request'] as { request_url: string; request_body: string }
    expect(request.request_url).toContain('/cgi-bin/message/custom/send?access_token=')
    expect(request.request_url).not.toContain(token)
    expect(JSON.parse(request.request_body)).toMatchObject({ touser: 'customer-1' })
    const { access_token = '' } = await getToken({ appid: other.appId, secret: other.appSecret })
    expect(await post('/cgi-bin/openapi/rid/get', { rid }, access_token)).toMatchObject({ errcode: 76003 })
    expect(await post('/cgi-bin/openapi/rid/get', { rid: 'x' })).toMatchObject({ errcode: 76002 })
    expect(await post('/cgi-bin/openapi/rid/get', { rid: '00000000-00000000-00000000' })).toMatchObject({
      errcode: 76001,
    })
    emulator.advance(7 * 24 * hour + 1)
    token = (await getToken()).access_token ?? ''
    expect(await post('/cgi-bin/openapi/rid/get', { rid })).toMatchObject({ errcode: 76004 })
  })

  it('tell WeChat’s addresses and check the push URL', async () => {
    expect(await get(`/cgi-bin/get_api_domain_ip?access_token=${token}`)).toEqual({ ip_list: ['127.0.0.1'] })
    const check = (action: string): Promise<Answer> =>
      post('/cgi-bin/callback/check', { action, check_operator: 'DEFAULT' })
    expect(await check('all')).toMatchObject({ dns: [{ ip: '127.0.0.1' }], ping: [{ ip: '127.0.0.1' }] })
    expect(await check('nothing')).toMatchObject({ errcode: 40202 })
  })
})

describe('faults of calls', () => {
  const path = '/cgi-bin/message/custom/send'
  beforeEach(async () => {
    await user.sends('在吗')
  })
  const shown = (): number => user.messages.filter(({ from }) => from === 'service').length

  it('answer an errcode and do nothing', async () => {
    const fault = emulator.faults.add({ path, errcode: 45011 })
    expect(await sendText('a')).toMatchObject({
      errcode: 45011,
      errmsg: expect.stringMatching(ridAtEnd) as string,
    })
    expect(shown()).toBe(0)
    expect(emulator.calls.at(-1)).toMatchObject({
      errcode: 45011,
      faultId: fault.id,
      appId: app.appId,
      openId: 'customer-1',
    })
    expect(await sendText('a')).toMatchObject({ errcode: 0 })
  })

  it('answer an HTML page and do nothing', async () => {
    emulator.faults.add({ path, status: 502 })
    const response = await fetch(`${emulator.url}${path}?access_token=${token}`, {
      method: 'POST',
      body: '{}',
    })
    expect(response.status).toBe(502)
    expect(response.headers.get('content-type')).toBe('text/html')
    expect(await response.text()).toContain('502')
    expect(shown()).toBe(0)
  })

  it('answer rightly, but late', async () => {
    emulator.faults.add({ path, delayMs: 150 })
    const started = performance.now()
    expect(await sendText('a')).toMatchObject({ errcode: 0 })
    expect(performance.now() - started).toBeGreaterThan(140)
    expect(shown()).toBe(1)
  })

  it('cut the connection before anything is done', async () => {
    emulator.faults.add({ path, reset: 'before' })
    await expect(sendText('a')).rejects.toMatchObject({
      cause: { code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) as string },
    })
    expect(shown()).toBe(0)
    expect(emulator.calls.at(-1)?.response).toBeNull()
  })

  it('cut the connection after the message was shown', async () => {
    emulator.faults.add({ path, reset: 'after' })
    await expect(sendText('a')).rejects.toThrow('fetch failed')
    expect(shown()).toBe(1)
    expect(user.allowance.remaining).toBe(4)
    expect(emulator.calls.at(-1)?.response).toBeNull()
  })
})

describe('recorded calls', () => {
  it('show four characters of secrets and tokens, and no more', async () => {
    await getToken()
    await post('/cgi-bin/stable_token', {
      grant_type: 'client_credential',
      appid: app.appId,
      secret: app.appSecret,
    })
    await user.sends('在吗')
    await sendText('在')
    const text = JSON.stringify(emulator.calls)
    expect(text).not.toContain(app.appSecret)
    expect(text).not.toContain(token)
    expect(text).toContain(`"access_token":"${token.slice(0, 4)}…"`)
    expect(text).toContain('"secret":"secr…"')
    expect(text).toContain(String.raw`\"secret\":\"secr…\"`)
  })

  it('tell whose they are and what they carried, without pictures’ bytes', async () => {
    await upload(tinyPng)
    const call = emulator.calls.at(-1)
    expect(call).toMatchObject({ appId: app.appId, openId: null, errcode: 0, faultId: null })
    expect(call?.request.body).toMatch(/^\[multipart\/form-data, \d+ bytes\]$/)
    expect(call?.response?.body).toContain('media_id')
    await getToken()
    expect(emulator.calls.at(-1)?.appId).toBe(app.appId)
    await getToken({ secret: 'wrong' })
    expect(emulator.calls.at(-1)).toMatchObject({ appId: null, errcode: 40125 })
  })

  it('are no more than a thousand', async () => {
    for (let i = 0; i < 101; i++) await Promise.all(Array.from({ length: 10 }, () => get('/cgi-bin/nothing')))
    expect(emulator.calls).toHaveLength(1000)
  })
})
