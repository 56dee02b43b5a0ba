import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tinyPng } from '../../test/push-receiver.js'
import { rejection } from '../../test/support/emulated-wechat.js'
import { answerWith, rawServer, type RawServer } from '../../test/support/raw-server.js'
import { ApiError, NetworkError } from '../errors.js'
import { Api } from './api.js'
import { remedyFor } from './retry.js'

const token = '{"access_token":"T","expires_in":7200}'
let raw: RawServer
let api: Api
/** What is answered to a token's request, and to any other. */
let tokenAnswer: string
let answer: string | Buffer
let headers: Readonly<Record<string, string>>

beforeEach(async () => {
  ;[tokenAnswer, answer, headers] = [token, '', {}]
  raw = await rawServer(({ target, socket }) => {
    if (target.startsWith('/cgi-bin/stable_token')) answerWith(socket, tokenAnswer)
    else answerWith(socket, answer, { headers })
  })
  api = new Api({ appId: 'wx1', appSecret: 'secret-of-the-app', url: raw.url, wait: async () => undefined })
})
afterEach(async () => {
  await api.close()
  await raw.close()
})

const calls: Readonly<Record<string, () => Promise<unknown>>> = {
  send: () => api.send('o1', { msgType: 'text', content: '1' }),
  setTyping: () => api.setTyping('o1', true),
  uploadTempMedia: () => api.uploadTempMedia(tinyPng),
  getTempMedia: () => api.getTempMedia('M'),
  getQuota: () => api.getQuota('/cgi-bin/message/custom/send'),
  clearQuota: () => api.clearQuota(),
  getRid: () => api.getRid('rid'),
  getCallbackIps: () => api.getCallbackIps(),
  getApiDomainIps: () => api.getApiDomainIps(),
  checkCallback: () => api.checkCallback(),
}

describe('an answer with raw control characters', () => {
  // All of them, as WeChat repeats in errmsg what it was given.
  const controls = Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code)).join('')

  test.each(Object.keys(calls))('is read by %s, when it is a no', async (name) => {
    answer = `{"errcode":45047,"errmsg":"out of response count limit ${controls} rid: 65a-b"}`
    const error = await rejection(calls[name]?.() ?? Promise.resolve())
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ errcode: 45047, rid: '65a-b' })
    expect(error).toHaveProperty('errmsg', expect.stringContaining('limit \ufffd'))
  })

  test('is read when it is a yes', async () => {
    answer = '{"errcode":0,"errmsg":"ok\u0014"}'
    await calls['send']?.()
    answer = '{"type":"image\u001b","media_id":"M","created_at":1672500000}'
    expect(await calls['uploadTempMedia']?.()).toMatchObject({ mediaId: 'M' })
    answer = '{"errcode":0,"request":{"request_body":"{\\"content\\":\\"\u0014\\"}"}}'
    expect(await calls['getRid']?.()).toEqual({ request_body: '{"content":"\ufffd"}' })
  })

  test('is read where a token was asked for', async () => {
    tokenAnswer = '{"errcode":40125,"errmsg":"invalid appsecret \u0014 rid: 65a-b"}'
    expect(await rejection(api.getAccessToken())).toMatchObject({ errcode: 40125, rid: '65a-b' })
    tokenAnswer = '{"access_token":"T","expires_in":7200,"note":"\u0001"}'
    expect(await api.getAccessToken()).toBe('T')
  })

  test('decides how a failed message may be sent again', async () => {
    answer = '{"errcode":45009,"errmsg":"reach max api daily quota limit \u0014"}'
    expect(remedyFor(await rejection(calls['send']?.() ?? Promise.resolve()))).toBe('later')
  })
})

test('an answer behind a byte order mark, with line feeds and numbers in quotes, is read', async () => {
  tokenAnswer = '\ufeff{\r\n    "access_token": "T",\r\n    "expires_in": "7200"\r\n}\n'
  answer = '{"media_id":"M","created_at":"1672500000"}'
  expect(await api.uploadTempMedia(tinyPng)).toEqual({ mediaId: 'M', createdAt: new Date(1672500000_000) })
})

test.each(['"7200s"', '""', '"-1"', '0', 'null', '{}'])(
  'a token that works for %s s is none',
  async (seconds) => {
    tokenAnswer = `{"access_token":"T","expires_in":${seconds}}`
    expect(await rejection(api.getAccessToken())).toBeInstanceOf(ApiError)
  },
)

describe('an answer that somebody in between has packed', () => {
  const gzip = { 'content-encoding': 'gzip' }

  test.each([gzip, {}])('is read, told by its bytes, with %o', async (given) => {
    headers = given
    answer = gzipSync('{"errcode":0,"errmsg":"ok"}')
    await api.setTyping('o1', true)
    answer = gzipSync('{"errcode":40007,"errmsg":"invalid media_id rid: 65a-b"}')
    expect(await rejection(api.getTempMedia('M'))).toMatchObject({ errcode: 40007, rid: '65a-b' })
    answer = gzipSync(tinyPng)
    const { body, ...media } = await api.getTempMedia('M')
    const chunks = (await body.toArray()) as Buffer[]
    expect(media).toMatchObject({ contentType: 'image/png', contentLength: undefined })
    expect(Buffer.concat(chunks)).toEqual(Buffer.from(tinyPng))
  })

  test('is read where it only says so', async () => {
    ;[answer, headers] = ['{"errcode":0,"errmsg":"ok"}', gzip]
    await api.setTyping('o1', true)
  })

  test('is unknown where it is cut, and where it becomes too large', async () => {
    for (answer of [gzipSync('{"errcode":0}').subarray(0, 15), gzipSync(Buffer.alloc(3_000_000, ' '))])
      expect(await rejection(api.setTyping('o1', true))).toBeInstanceOf(NetworkError)
    answer = gzipSync(tinyPng).subarray(0, 30)
    const { body } = await api.getTempMedia('M')
    expect(await rejection(body.toArray())).toBeInstanceOf(NetworkError)
  })
})

test('NUL at an answer’s end, and behind its rid, is none of it', async () => {
  answer = '{"errcode":0,"errmsg":"ok"}\0\0'
  await api.setTyping('o1', true)
  answer = '{"errcode":45047,"errmsg":"out of response count limit rid: 65a-b\0"}\0'
  expect(await rejection(api.setTyping('o1', true))).toMatchObject({ errcode: 45047, rid: '65a-b' })
})

test.each(['["x"]', '"no"', '<xml><a>1</a></xml>', '\0{"errcode":1', '<?xml version="1.0"?><a/>'])(
  'text under a picture’s name is no picture: %j',
  async (text) => {
    ;[answer, headers] = [text, { 'content-type': 'image/jpeg' }]
    expect(await rejection(api.getTempMedia('M'))).toBeInstanceOf(NetworkError)
  },
)

test('an answer that lacks what was asked for says so', async () => {
  answer = '{"video_url":"http://127.0.0.1/"}'
  expect(String(await rejection(api.getTempMedia('M')))).not.toContain('NaN')
})
