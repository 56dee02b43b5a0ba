import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest'
import { emulatedWechat, rejection, type EmulatedWechat } from '../../test/support/emulated-wechat.js'
import { answerWith, rawServer, type RawServer } from '../../test/support/raw-server.js'
import { ApiError, ConfigError, NetworkError } from '../errors.js'
import { explainErrcode, type OutgoingMessage } from '../wechat/index.js'
import { Api, type ApiOptions } from './api.js'

const sendPath = '/cgi-bin/message/custom/send'
const typingPath = '/cgi-bin/message/custom/typing'
const businessTypingPath = '/cgi-bin/message/custom/business/typing'

let wechat: EmulatedWechat
let raw: RawServer
/** What `raw` answers to anything but a token's request. */
let answer: string | Buffer
let answerHead: { status?: number; headers?: Record<string, string> }

beforeEach(async () => {
  wechat = await emulatedWechat()
  answer = '{"errcode":0,"errmsg":"ok"}'
  answerHead = {}
  raw = await rawServer(({ target, socket }) => {
    if (target === '/cgi-bin/stable_token') answerWith(socket, '{"access_token":"T","expires_in":7200}')
    else answerWith(socket, answer, answerHead)
  })
})
afterEach(async () => {
  await wechat.close()
  await raw.close()
})

describe('send', () => {
  const text = '你好,世界 🌏👨‍👩‍👧 é\n"引号" \\ </a> & \u2028 𠮷'
  const kinds: [OutgoingMessage, string][] = [
    [
      { msgType: 'text', content: text },
      `{"touser":"o1","msgtype":"text","text":{"content":"你好,世界 🌏👨‍👩‍👧 é\\n\\"引号\\" \\\\ </a> & \u2028 𠮷"}}`,
    ],
    [
      { msgType: 'text', content: '人工智能答', isAiMsg: true },
      '{"touser":"o1","msgtype":"text","text":{"content":"人工智能答"},"aimsgcontext":{"is_ai_msg":1}}',
    ],
    [
      { msgType: 'image', mediaId: 'M-_1', isAiMsg: false },
      '{"touser":"o1","msgtype":"image","image":{"media_id":"M-_1"}}',
    ],
    [
      {
        msgType: 'link',
        title: '标题',
        description: '描述',
        url: 'https://a.cn/?q=查',
        thumbUrl: 'https://a.cn/t.png',
      },
      '{"touser":"o1","msgtype":"link","link":{"title":"标题","description":"描述","url":"https://a.cn/?q=查","thumb_url":"https://a.cn/t.png"}}',
    ],
    [
      { msgType: 'miniprogrampage', title: '订单', pagePath: 'pages/o?id=1&n=名', thumbMediaId: 'M' },
      '{"touser":"o1","msgtype":"miniprogrampage","miniprogrampage":{"title":"订单","pagepath":"pages/o?id=1&n=名","thumb_media_id":"M"}}',
    ],
  ]
  test.each(kinds)('writes $msgType as WeChat wants it, in real UTF-8', async (message, body) => {
    await wechat.api({ url: raw.url }).send('o1', message)
    const [, sent] = raw.requests
    expect(sent?.method).toBe('POST')
    expect(sent?.target).toBe(`${sendPath}?access_token=T`)
    expect(sent?.head).toMatch(/^content-type: application\/json/im)
    expect(sent?.body).toEqual(Buffer.from(body))
    expect(body).not.toContain('\\u')
  })

  test('has no escapes in it even where JSON knows no other way', async () => {
    const halves = '断\ud83d开\ude00 \0\u001b[31m\u0007 \b\t\n\f\r 🌏'
    await wechat.api({ url: raw.url }).send('o1', { msgType: 'text', content: halves })
    expect(raw.requests[1]?.body.toString()).toBe(
      '{"touser":"o1","msgtype":"text","text":{"content":"断\ufffd开\ufffd [31m \\b\\t\\n\\f\\r 🌏"}}',
    )
  })

  test('to 20 cold conversations at once fetches one token', async () => {
    const customers = await Promise.all(Array.from({ length: 20 }, () => wechat.customer()))
    const api = wechat.api()
    await Promise.all(customers.map(({ openId }) => api.send(openId, { msgType: 'text', content: openId })))
    expect(wechat.tokenCalls).toBe(1)
    for (const customer of customers)
      expect(await customer.receives()).toMatchObject({ content: { content: customer.openId } })
  })

  test.each(['stable', 'classic'] as const)(
    'is not disturbed when the token has ended before we thought (%s)',
    async (tokenKind) => {
      const customer = await wechat.customer()
      const api = wechat.api({ tokenKind })
      await api.send(customer.openId, { msgType: 'text', content: '1' })
      wechat.emulator.advance(2 * 3600 * 1000) // on WeChat's clock, not on ours
      await api.send(customer.openId, { msgType: 'text', content: '2' })
      expect(wechat.calls(sendPath).map(({ errcode }) => errcode)).toEqual([0, 42001, 0])
      expect(wechat.tokenCalls).toBe(2)
    },
  )

  test('reaches the phone', async () => {
    const customer = await wechat.customer()
    await wechat.api().send(customer.openId, { msgType: 'text', content: text, isAiMsg: true })
    expect(await customer.receives()).toMatchObject({
      from: 'service',
      content: { msgType: 'text', content: text },
      isAiMsg: true,
    })
  })

  test('says what WeChat said when it says no', async () => {
    const customer = await wechat.customer()
    wechat.emulator.advance(48 * 3600 * 1000)
    const error = await rejection(wechat.api().send(customer.openId, { msgType: 'text', content: '在吗' }))
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({
      errcode: 45015,
      errmsg: 'response out of time limit or subscription is canceled',
      reason: 'out_of_window',
      path: sendPath,
      rid: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{8}){2}$/) as string,
    })
  })

  test.each([
    ['an empty object', '{}', 200],
    ['somebody else’s JSON', '{"code":500,"message":"no"}', 200],
    ['a list', '[]', 200],
    ['null', 'null', 200],
    ['an errcode that is none', '{"errcode":null}', 200],
    ['nothing', '', 200],
    ['success', 'success', 200],
    ['a relay’s refusal', '{"error":"not found"}', 404],
    ['a redirection', '', 302],
    ['a broken relay with WeChat’s words', '{"errcode":0,"errmsg":"ok"}', 502],
  ])('is not taken as accepted when the answer is %s', async (_, body, status) => {
    answer = body
    answerHead = { status, headers: { location: 'http://127.0.0.1:1/' } }
    const error = await rejection(wechat.api({ url: raw.url }).send('o1', { msgType: 'text', content: '1' }))
    expect(error).toBeInstanceOf(NetworkError)
    expect(error).toMatchObject({ accepted: 'unknown', path: sendPath })
    expect(raw.requests).toHaveLength(2)
  })

  test('understands an errcode in quotes and with another status', async () => {
    answer = '{"errcode":"45047","errmsg":"out of response count limit"}'
    answerHead = { status: 403 }
    const error = await rejection(wechat.api({ url: raw.url }).send('o1', { msgType: 'text', content: '1' }))
    expect(error).toMatchObject({ errcode: 45047, reason: 'out_of_count' })
  })
})

describe('setTyping', () => {
  test('shows and hides it on the phone', async () => {
    const customer = await wechat.customer()
    const api = wechat.api()
    await api.setTyping(customer.openId, true)
    expect(customer.typing).toBe(true)
    await api.setTyping(customer.openId, false)
    expect(customer.typing).toBe(false)
    expect(wechat.calls().map(({ request }) => request.body)).toEqual([
      expect.any(String),
      `{"touser":"${customer.openId}","command":"Typing"}`,
      `{"touser":"${customer.openId}","command":"CancelTyping"}`,
    ])
  })

  test.each([40101, 40200])(
    'takes the other path where WeChat answers %d, and stays there',
    async (errcode) => {
      const customer = await wechat.customer()
      const api = wechat.api()
      wechat.emulator.faults.add({ path: typingPath, errcode, times: 99 })
      await api.setTyping(customer.openId, true)
      expect(customer.typing).toBe(true)
      await api.setTyping(customer.openId, false)
      expect(wechat.calls().map(({ request }) => request.path)).toEqual([
        '/cgi-bin/stable_token',
        typingPath,
        businessTypingPath,
        businessTypingPath,
      ])
    },
  )

  test('does not stay on the other path when that one fails, too', async () => {
    const customer = await wechat.customer()
    const api = wechat.api()
    wechat.emulator.faults.add({ path: typingPath, errcode: 40200 })
    wechat.emulator.faults.add({ path: businessTypingPath, errcode: 40101 })
    expect(await rejection(api.setTyping(customer.openId, true))).toMatchObject({ errcode: 40101 })
    await api.setTyping(customer.openId, true)
    expect(wechat.calls().at(-1)?.request.path).toBe(typingPath)
  })

  test('tries no third path', async () => {
    const customer = await wechat.customer()
    const api = wechat.api()
    wechat.emulator.faults.add({ path: typingPath, errcode: 40200 })
    await api.setTyping(customer.openId, false)
    wechat.emulator.faults.add({ path: businessTypingPath, errcode: 40200 })
    expect(await rejection(api.setTyping(customer.openId, false))).toMatchObject({ errcode: 40200 })
    expect(wechat.calls(businessTypingPath)).toHaveLength(2)
  })

  test('throws any other no', async () => {
    const customer = await wechat.customer()
    wechat.emulator.advance(30_000)
    const error = await rejection(wechat.api().setTyping(customer.openId, true))
    expect(error).toMatchObject({ errcode: 45080, reason: 'typing_no_interaction' })
    expect(wechat.calls(businessTypingPath)).toEqual([])
  })
})

describe('looking things up', () => {
  test('a path’s quota, before and after it is cleared', async () => {
    const customer = await wechat.customer()
    const api = wechat.api()
    await api.send(customer.openId, { msgType: 'text', content: '1' })
    expect(await api.getQuota(sendPath)).toEqual({ dailyLimit: 500_000, used: 1, remain: 499_999 })
    await api.clearQuota()
    expect(await api.getQuota(sendPath)).toMatchObject({ used: 0 })
  })

  test('the quota of no path', async () => {
    expect(await rejection(wechat.api().getQuota('/nowhere'))).toMatchObject({ errcode: 76021 })
  })

  test('what WeChat noted about a call that failed', async () => {
    const api = wechat.api()
    const error = await rejection(api.send('stranger', { msgType: 'text', content: '1' }))
    if (!(error instanceof ApiError) || error.rid === undefined) throw new Error('no rid', { cause: error })
    const noted = await api.getRid(error.rid)
    expect(noted).toMatchObject({ client_ip: expect.any(String) as string })
    expect(noted['response_body']).toContain('40003')
  })

  test('addresses', async () => {
    const api = wechat.api()
    expect(await api.getCallbackIps()).toEqual(['127.0.0.1'])
    expect(await api.getApiDomainIps()).toEqual(['127.0.0.1'])
  })

  test('whether WeChat reaches us', async () => {
    const api = wechat.api()
    expect(await api.checkCallback()).toMatchObject({
      dns: [{ ip: '127.0.0.1' }],
      ping: [{ ip: '127.0.0.1' }],
    })
    expect(await api.checkCallback('dns')).toMatchObject({ ping: [] })
  })

  test('fails in a typed way when the answer lacks what was asked for', async () => {
    const api = wechat.api({ url: raw.url })
    const calls = [
      () => api.getQuota('/x'),
      () => api.getRid('1'),
      () => api.getCallbackIps(),
      () => api.getApiDomainIps(),
    ]
    for (const call of calls) {
      const error = await rejection(call())
      expect(error).toBeInstanceOf(ApiError)
      expect(error).toMatchObject({
        message: expect.stringMatching(/no (quota|request|ip_list) in the answer/) as string,
      })
    }
  })
})

test('getAccessToken gives a token for calls that kefu does not know', async () => {
  const token = await wechat.api().getAccessToken()
  const response = await fetch(`${wechat.emulator.url}/cgi-bin/getcallbackip?access_token=${token}`)
  expect(await response.json()).toEqual({ ip_list: ['127.0.0.1'] })
})

describe('errors', () => {
  test('have the rid apart from the words, also behind long and hostile ones', async () => {
    answer = JSON.stringify({
      errcode: 40097,
      errmsg: `x\r\n\u001b[31m\u0085\u2028\u202e${'长'.repeat(5000)}, rid: 65a-b_1`,
    })
    const error = await rejection(wechat.api({ url: raw.url }).clearQuota())
    if (!(error instanceof ApiError)) throw new Error('no ApiError', { cause: error })
    expect(error.rid).toBe('65a-b_1')
    expect(error.errmsg).toMatch(/^x [ ]*\[31m +长+$/)
    expect(error.errmsg.length).toBeLessThanOrEqual(300)
    expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}\u2028]/u)
  })

  test('are read whatever the words are', async () => {
    answer = JSON.stringify({ errcode: 40097, errmsg: `${' '.repeat(500_000)}rid:${' '.repeat(400_000)}!` })
    expect(await rejection(wechat.api({ url: raw.url }).clearQuota())).toMatchObject({ rid: undefined })
  })
})

describe('a refusal', () => {
  test('says what to do in English, and where more stands', async () => {
    answer = '{"errcode":45015,"errmsg":"response out of time limit rid: r-1"}'
    const error = await rejection(wechat.api({ url: raw.url }).clearQuota())
    expect(error).toMatchObject({
      docs: 'docs/errors.md#45015',
      message: `/cgi-bin/clear_quota: WeChat answered 45015 (response out of time limit). ${explainErrcode(45015).en} docs/errors.md#45015`,
    })
  })

  test('does so in Chinese, and by a site’s address, where it is told to', async () => {
    answer = '{"errcode":45015,"errmsg":"response out of time limit"}'
    const words = { language: 'zh', errorsUrl: 'https://docs.example.com/errors' } as const
    const api = wechat.api({ url: raw.url, ...words })
    expect(await rejection(api.clearQuota())).toMatchObject({
      docs: 'https://docs.example.com/errors#45015',
      message: `/cgi-bin/clear_quota：微信的应答为 45015（response out of time limit）。${explainErrcode(45015).zh} https://docs.example.com/errors#45015`,
    })
    answer = '{"errcode":99999,"errmsg":"new"}'
    expect(await rejection(api.clearQuota())).toMatchObject({
      docs: 'https://docs.example.com/errors#unknown',
    })
    answer = '{"errcode":0}'
    const quota = await rejection(api.getQuota('/cgi-bin/message/custom/send'))
    expect(quota).toMatchObject({ message: expect.stringContaining('微信的应答缺少所需内容') as string })
  })
})

describe('settings that cannot work', () => {
  const good = { appId: 'wx1', appSecret: 's' }
  test.each([
    ['appId', { ...good, appId: '' }],
    ['appSecret', { ...good, appSecret: '' }],
    ['url', { ...good, url: 'wechat' }],
    ['proxy', { ...good, proxy: 'proxy:1' }],
    ['timeoutMs', { ...good, timeoutMs: 0 }],
  ])('are refused at once and by name: %s', (name, options) => {
    expect(() => new Api(options)).toThrow(ConfigError)
    expect(() => new Api(options)).toThrow(new RegExp(name))
  })

  test.each([{}, { appId: 'wx1' }])('and so are ones that JavaScript left out: %o', (options) => {
    expectTypeOf(options).not.toExtend<ApiOptions>()
    expect(() => {
      Reflect.construct(Api, [options])
    }).toThrow(ConfigError)
  })
})

test('a client that nobody closed does not keep its process alive', async () => {
  const script = `
    import { Api } from '${new URL('./index.ts', import.meta.url).href}'
    const api = new Api({ appId: '${wechat.appId}', appSecret: 's', url: '${raw.url}' })
    await api.clearQuota()
    setImmediate(() => process.stdout.write(process.getActiveResourcesInfo().join()))`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const started = once(child.stdout, 'data')
  const ended = once(child, 'exit')
  // Neither a connection nor a timer holds it.
  expect(String((await started)[0])).not.toMatch(/TCP|TLS|Timeout/)
  expect(await ended).toEqual([0, null])
})
