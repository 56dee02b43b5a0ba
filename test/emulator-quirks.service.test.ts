import { request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Api } from '../src/api/index.js'
import { decodeAESKey, decodePush, decrypt } from '../src/wechat/index.js'
import { startPushReceiver, tinyPng, type PushReceiver } from './push-receiver.js'
import { createEmulator, type AppInput, type Emulator } from '../src/emulator/index.js'

const secrets = { appId: 'wx1', token: 'token', encodingAESKey: 'k'.repeat(43) }
let receiver: PushReceiver
let emulator: Emulator

beforeAll(async () => {
  receiver = await startPushReceiver()
  emulator = await createEmulator()
})
beforeEach(async () => {
  await emulator.reset()
  receiver.received.length = 0
})
afterAll(async () => {
  await emulator.close()
  await receiver.close()
})

function add(changes: Partial<AppInput> = {}): void {
  emulator.addApp({ ...secrets, appSecret: 'secret', mode: 'plain', pushUrl: receiver.url, ...changes })
}
const control = async (path: string, body?: unknown): Promise<{ status: number; body: unknown }> => {
  const answer = await fetch(`${emulator.url}/_emulator${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  })
  return { status: answer.status, body: await answer.json() }
}
const bodyOf = (index = 0): string => receiver.received[index]?.body ?? ''

describe('pushes, as WeChat writes them', () => {
  it('JSON is pretty-printed and ends in a line feed, also inside the encryption', async () => {
    add()
    await emulator.user('o1').sends('你好')
    expect(bodyOf()).toMatch(/^\{\n {4}"ToUserName": "gh_\w+",\n[^]* {4}"Content": "你好",\n[^]*\n\}\n$/)
    expect(bodyOf()).toMatch(/"MsgId": \d{16,}\n/)
    add({ mode: 'secure' })
    const delivery = await emulator.user('o1').enters()
    expect(delivery.plaintext).toMatch(/^\{\n {4}"/)
    const { Encrypt: encrypted } = JSON.parse(bodyOf(1)) as { Encrypt: string }
    const { message } = decrypt(encrypted, decodeAESKey(secrets.encodingAESKey))
    expect(message.toString()).toBe(delivery.plaintext)
  })

  it('in XML `]]>` and control characters stand as the customer wrote them, in JSON control characters are escaped', async () => {
    add({ format: 'xml' })
    await emulator.user('o1').sends('a ]]> b\u0014\t')
    expect(bodyOf()).toContain('<Content><![CDATA[a ]]> b\u0014\t]]></Content>')
    add({ format: 'json' })
    await emulator.user('o1').sends('a ]]> b\u0014\t')
    expect(bodyOf(1)).toContain('"a ]]> b\\u0014\\t"')
    expect(
      decodePush(bodyOf(1), receiver.received[1]?.query ?? {}, { ...secrets, mode: 'plain' }).payload,
    ).toMatchObject({
      content: 'a ]]> b\u0014\t',
    })
  })

  it('can be switched, and a reset goes back to the usual', async () => {
    const usual = (await control('/quirks')).body
    expect(usual).toEqual({
      unsplitCdata: true,
      rawControlsInXml: true,
      rawControlsInJson: false,
      prettyJson: true,
      needsContentLength: true,
      needsPlainFilename: true,
    })
    const changes = {
      rawControlsInJson: true,
      prettyJson: false,
      unsplitCdata: false,
      rawControlsInXml: false,
    }
    expect(await control('/quirks', changes)).toEqual({
      status: 200,
      body: { ...(usual as object), ...changes },
    })
    add()
    await emulator.user('o1').sends('a\u0014\n')
    expect(bodyOf()).toContain('"Content":"a\u0014\n"')
    add({ format: 'xml' })
    await emulator.user('o1').sends('a ]]> b\u0014')
    expect(bodyOf(1)).toContain('<![CDATA[a ]]]]><![CDATA[> b\ufffd]]>')
    await emulator.reset()
    expect((await control('/quirks')).body).toEqual(usual)
    expect(await control('/quirks', { prettyJSON: true })).toMatchObject({ status: 400 })
  })

  it('a plaintext goes out as it is, whatever it is, signed and sealed', async () => {
    const plaintext = '{"MsgType ":"Event", "a":1,, ]]>\u0014'
    for (const mode of ['secure', 'compatible', 'plain'] as const)
      for (const format of ['json', 'xml'] as const) {
        receiver.received.length = 0
        add({ mode, format: 'json' })
        const { body } = await control('/apps/wx1/users/o1/raw', { plaintext, format })
        expect(body).toMatchObject({ kind: 'raw', plaintext, answer: 'success', messageId: null, format })
        const sent = mode === 'plain' ? bodyOf() : decryptedOf(bodyOf())
        expect(sent).toBe(plaintext)
        expect(receiver.received[0]?.query).toMatchObject({ openid: 'o1' })
      }
    const user = emulator.user('o2')
    expect((await user.pushesRaw('<odd')).answer).toBe('success')
    expect(user.allowance.remaining).toBe(5)
  })

  it('of a sub-merchant’s session carry BusinessId, and open no allowance of the Mini Program’s own', async () => {
    add()
    const user = emulator.user('o1')
    await user.enters({ businessId: 7 })
    await user.sends('你好', { businessId: '7' })
    await control('/apps/wx1/users/o1/messages', { msgType: 'text', content: 'x', businessId: 'shop_1' })
    await control('/apps/wx1/users/o1/enter', { businessId: 0 })
    const ids = receiver.received.map(({ body }) => (JSON.parse(body) as { BusinessId: unknown }).BusinessId)
    expect(ids).toEqual([7, 7, 'shop_1', 0])
    expect(user.allowance.remaining).toBe(0)
  })
})

const decryptedOf = (body: string): string => {
  const [, encrypted = ''] = /([A-Za-z0-9+/=]{60,})/.exec(body) ?? []
  return decrypt(encrypted, decodeAESKey(secrets.encodingAESKey)).message.toString()
}

describe('the API, as WeChat answers', () => {
  async function token(): Promise<string> {
    add()
    const answer = await fetch(
      `${emulator.url}/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=secret`,
    )
    return ((await answer.json()) as { access_token: string }).access_token
  }

  /** A POST with headers of its own: fetch and undici always say the length. */
  function post(path: string, headers: Record<string, string>, body: string | Buffer) {
    return new Promise<{ status: number | undefined; headers: object; body: string }>((resolve, reject) => {
      const sent = request(`${emulator.url}${path}`, { method: 'POST', headers }, (answer) => {
        void buffer(answer).then((bytes) => {
          resolve({ status: answer.statusCode, headers: answer.headers, body: bytes.toString() })
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }

  it('a POST without Content-Length is 412 with an empty body', async () => {
    const path = `/cgi-bin/message/custom/send?access_token=${await token()}`
    const chunked = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }
    expect(await post(path, chunked, '{}')).toMatchObject({ status: 412, body: '' })
    expect(emulator.calls.at(-1)).toMatchObject({ response: { status: 412, body: '' } })
    emulator.quirks.set({ needsContentLength: false })
    expect(await post(path, chunked, '{}')).toMatchObject({
      status: 200,
      body: expect.stringContaining('40003') as string,
    })
  })

  it.each([
    ["filename*=UTF-8''a.png", 41005],
    ['filename="a.png"; filename*=UTF-8\'\'a.png', undefined],
    ['filename="a.png"', undefined],
    ['filename="filename*=.png"', undefined],
  ])('an upload with %s gives %s', async (filename, errcode) => {
    const path = `/cgi-bin/media/upload?type=image&access_token=${await token()}`
    const form = Buffer.concat([
      Buffer.from(
        `--XX\r\nContent-Disposition: form-data; name="media"; ${filename}\r\nContent-Type: image/png\r\n\r\n`,
      ),
      tinyPng,
      Buffer.from('\r\n--XX--\r\n'),
    ])
    const headers = {
      'content-type': 'multipart/form-data; boundary=XX',
      'content-length': String(form.length),
    }
    const { body } = await post(path, headers, form)
    expect((JSON.parse(body) as { errcode?: number }).errcode).toBe(errcode)
    emulator.quirks.set({ needsPlainFilename: false })
    expect((await post(path, headers, form)).body).toContain('media_id')
  })

  it('kefu’s own client sends what WeChat takes, whatever a file is called', async () => {
    add()
    const api = new Api({ appId: 'wx1', appSecret: 'secret', url: emulator.url })
    for (const filename of ['图片"\r\n.png', 'a.png', '%22.png'])
      expect(await api.uploadTempMedia(tinyPng, { filename })).toMatchObject({
        mediaId: expect.any(String) as string,
      })
    await api.close()
  })

  it('media/get gives a picture, or a refusal, under another Content-Type, when it is told to', async () => {
    add()
    const api = new Api({ appId: 'wx1', appSecret: 'secret', url: emulator.url })
    const { mediaId } = await api.uploadTempMedia(tinyPng)
    const path = '/cgi-bin/media/get'
    for (const contentType of ['text/plain', '']) {
      emulator.faults.add({ path, contentType })
      const media = await api.getTempMedia(mediaId)
      expect((await buffer(media.body)).equals(tinyPng)).toBe(true)
      const { headers } = emulator.calls.at(-1)?.response ?? {}
      expect(headers?.['content-type'] ?? '').toBe(contentType)
      expect(headers).not.toHaveProperty('content-disposition')
    }
    for (const contentType of ['image/jpeg', '']) {
      emulator.faults.add({ path, errcode: 40007, contentType })
      await expect(api.getTempMedia(mediaId)).rejects.toMatchObject({ errcode: 40007 })
    }
    expect(() => emulator.faults.add({ push: 'duplicate', contentType: 'text/plain' })).toThrow(/contentType/)
    await api.close()
  })
})

describe('what is nested deep', () => {
  const deep = (count: number): string => '{"a":'.repeat(count) + '1' + '}'.repeat(count)
  const list = (count: number): string => '['.repeat(count) + ']'.repeat(count)
  const paths = [
    '/apps',
    '/apps/wx1/users/o1/messages',
    '/apps/wx1/users/o1/enter',
    '/apps/wx1/users/o1/raw',
    '/apps/wx1/users/o1/official',
    '/faults',
    '/clock',
    '/quirks',
    '/session',
  ]

  it.each(paths)('is 400 at %s', async (path) => {
    add()
    if (path === '/session') {
      expect((await fetch(`${emulator.url}/_emulator/session`, { method: 'POST' })).status).toBe(204)
      return
    }
    for (const nested of [deep(20_000), list(100_000), deep(65)]) {
      for (const body of [nested, `{"msgType":"event","event":"x","fields":${nested}}`])
        expect(await control(path, body), `${body.length}`).toMatchObject({ status: 400 })
    }
  })

  it('is a refusal of WeChat’s at its API', async () => {
    add()
    for (const path of ['/cgi-bin/stable_token', '/cgi-bin/clear_quota/v2']) {
      const answer = await fetch(emulator.url + path, { method: 'POST', body: `{"appid":${deep(20_000)}}` })
      expect(await answer.json(), path).toMatchObject({ errcode: 41002 })
    }
  })

  it('what WeChat really nests is taken', async () => {
    add({ format: 'xml' })
    const fields = { SubscribeMsgPopupEvent: { List: [{ TemplateId: 'a' }, { TemplateId: 'b' }] } }
    const event = { msgType: 'event', event: 'subscribe_msg_popup_event', fields }
    expect(await control('/apps/wx1/users/o1/messages', event)).toMatchObject({ status: 200 })
    expect(await control('/clock', { advanceMs: Number.MAX_SAFE_INTEGER })).toMatchObject({ status: 400 })
  })
})
