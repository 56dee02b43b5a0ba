import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import Koa from 'koa'
import { Bot } from '../src/bot/index.js'
import { ConfigError } from '../src/errors.js'
import { MemoryInbox, webhook, type WebhookOptions } from '../src/webhook/index.js'
import { encodePush, limits, type Format, type Push, type PushSecrets } from '../src/wechat/index.js'
import { startKoa, type Reply } from './support/koa-server.js'
import { encodeSigned, event, secrets, text } from './support/pushes.js'
import { RecordingLogger } from './support/recording-logger.js'
import { RecordingSender } from './support/recording-sender.js'
import { seconds, start, startHearing, verification } from './support/webhook-scene.js'

/** What every answer of ours must be, whatever was asked. */
function expectPlain(reply: Reply): void {
  expect(reply.type).toBe('text/plain; charset=utf-8')
  expect(reply.headers['x-content-type-options']).toBe('nosniff')
}

describe('GET', () => {
  it('answers the echostr, as plain text', async () => {
    const { server } = await startHearing()
    const reply = await server.ask({ query: verification('4375120948345356249') })
    expect(reply).toMatchObject({ status: 200, body: '4375120948345356249' })
    expectPlain(reply)
  })

  it('answers an echostr that looks like HTML as plain text too', async () => {
    const { server } = await startHearing()
    const reply = await server.ask({ query: verification('<script>alert(1)</script>') })
    expect(reply).toMatchObject({ status: 200, body: '<script>alert(1)</script>' })
    expectPlain(reply)
  })

  it('answers an echostr of 256 bytes, and refuses a longer one', async () => {
    const { server } = await startHearing()
    expect(await server.ask({ query: verification('x'.repeat(256)) })).toMatchObject({ status: 200 })
    const reply = await server.ask({ query: verification('x'.repeat(257)) })
    expect(reply).toMatchObject({ status: 400, body: 'bad request' })
    expectPlain(reply)
  })

  it.each([
    [
      'a forged signature',
      { ...verification('<b>1'), signature: '0'.repeat(40) },
      'The signature is not ours',
    ],
    ['another’s token', verification('<b>1', 'another token'), 'The signature is not ours'],
    ['no signature', { timestamp: '1', nonce: '2', echostr: '<b>1' }, 'no single signature'],
    ['two signatures', { ...verification('<b>1'), signature: ['a', 'b'] }, 'no single signature'],
    ['no query at all', {}, 'no single timestamp'],
    ['no echostr', without(verification(''), 'echostr'), 'no single echostr'],
    [
      'an old timestamp',
      verification('<b>1', secrets.token, seconds() - 660),
      's old, more than the 600 s allowed',
    ],
    ['a timestamp to come', verification('<b>1', secrets.token, seconds() + 660), 'ahead of our clock'],
  ])('refuses %s, and says in the log why', async (_name, query, why) => {
    const { server, logger } = await startHearing()
    const reply = await server.ask({ query })
    expect(reply).toMatchObject({ status: 403, body: 'forbidden' })
    expectPlain(reply)
    expect(logger.lines).toMatchObject([
      {
        level: 'warn',
        fields: { method: 'GET', status: 403, appId: secrets.appId },
        message: expect.stringContaining(why) as string,
      },
    ])
  })
})

describe('POST', () => {
  it('answers success, as plain text', async () => {
    const { server, heard } = await startHearing()
    const reply = await server.push(encodePush(text('你好'), secrets))
    expect(reply).toMatchObject({ status: 200, body: 'success' })
    expectPlain(reply)
    expect(heard).toEqual([`${secrets.appId}: 你好`])
  })

  it('answers 200 whatever an earlier middleware set', async () => {
    const { server } = await start(
      {
        apps: [secrets, { ...secrets, appId: 'wx2' }],
      },
      (bot) => bot,
      [
        (ctx, next) => {
          ctx.status = 202
          return next()
        },
      ],
    )
    expect(await server.push(encodePush(text('hi'), secrets))).toMatchObject({ status: 200, body: 'success' })
  })

  it('answers success to events of other services', async () => {
    const { server, heard } = await startHearing()
    const audit = { ...event('wxa_media_check', { trace_id: '1' }), fromUserName: '' }
    expect(await server.push(encodePush(audit, secrets))).toMatchObject({ status: 200, body: 'success' })
    expect(heard).toEqual([`${secrets.appId}: other`])
  })

  const good = encodePush(text('<b>secret</b>'), secrets)
  const plain: PushSecrets = { ...secrets, mode: 'plain' }
  const forged = '0'.repeat(40)
  const old = encodePush(text('hi'), secrets, { timestamp: seconds() - 660 })
  const otherApp = encodePush(text('hi'), { ...secrets, appId: 'wxother' })
  const otherKey = encodePush(text('hi'), { ...secrets, encodingAESKey: 'A'.repeat(43) })
  const mixed = encodeSigned('<xml><MsgType>text</MsgType></xml>')

  it.each([
    ['a forged msg_signature', { ...good, query: { ...good.query, msg_signature: forged } }, 403, 'not ours'],
    [
      'no msg_signature',
      { ...good, query: without(good.query, 'msg_signature') },
      403,
      'no single msg_signature',
    ],
    ['no query', { ...good, query: {} }, 403, 'no single timestamp'],
    [
      'another’s token',
      encodePush(text('hi'), { ...secrets, token: 'other' }),
      403,
      'Token here and the one at',
    ],
    ['an old timestamp', old, 403, 's old, more than the 600 s allowed'],
    ['another timestamp than the signed one', retimed(good.query), 403, 'not ours'],
    [
      'a body changed on the way',
      { ...good, body: good.body.replace(/"Encrypt":"..../, '$&A') },
      403,
      'not ours',
    ],
    ['plain text in secure mode', encodePush(text('hi'), plain), 403, 'in plain text and secure mode'],
    [
      'plain text in secure mode, as XML',
      encodePush(text('hi'), plain, { format: 'xml' }),
      403,
      'in plain text',
    ],
    [
      'plain text with another’s Encrypt',
      { ...good, body: '{"MsgType":"text","Encrypt":"x"}' },
      403,
      'not ours',
    ],
    ['a body that is no push', { ...good, body: 'hello=world' }, 403, 'neither like JSON nor like XML'],
    ['an empty body', { ...good, body: '' }, 403, 'neither like JSON nor like XML'],
    ['JSON that ends early', { ...good, body: good.body.slice(0, 40) }, 403, 'can’t be checked'],
    ['a DOCTYPE', { ...good, body: '<!DOCTYPE xml [<!ENTITY a "b">]><xml>&a;</xml>' }, 403, 'DOCTYPE'],
    ['the wrong key', otherKey, 400, 'EncodingAESKey here is probably not the one'],
    ['another appid', otherApp, 400, 'encrypted for another appid'],
    ['a body that is too large', { ...good, body: ' '.repeat(limits.pushBytes + 1) }, 413, 'larger than'],
  ])('refuses %s, and says in the log why', async (_name, encoded, status, why) => {
    const { server, logger, heard } = await startHearing()
    const reply = await server.push({ ...good, ...encoded })
    expect(reply.status).toBe(status)
    expectPlain(reply)
    expect(reply.body).toMatch(/^(forbidden|bad request|too large)$/)
    expect(logger.lines).toMatchObject([
      { level: 'warn', fields: { method: 'POST', status }, message: expect.stringContaining(why) as string },
    ])
    expect(heard).toEqual([])
  })

  it.each([
    ['whose content has another format than its envelope', mixed, 'differ in format'],
    ['without MsgType', encodeSigned('{"FromUserName":"oLin"}'), 'no MsgType'],
    ['that is junk', encodeSigned('junk'), 'neither like JSON nor like XML'],
  ])('takes a signed push %s, tells of it, and runs no handler', async (_name, encoded, why) => {
    const told: Push[] = []
    const { server, logger, heard } = await startHearing({ onUnreadable: (push) => told.push(push) })
    for (let i = 0; i < 2; i++)
      expect(await server.push({ ...encoded, contentType: 'application/json' })).toMatchObject({
        status: 200,
        body: 'success',
      })
    expect(heard).toEqual([])
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({ appId: secrets.appId, openId: '', payload: { msgType: 'other' } })
    expect(told[0]?.plaintext).toMatch(/MsgType|oLin|junk/)
    expect(logger.lines[0]).toMatchObject({ level: 'warn', message: expect.stringContaining(why) as string })
    expect(JSON.stringify(logger.lines)).not.toMatch(/oLin|junk/)
  })

  it.each<[Format, PushSecrets['mode']]>([
    ['json', 'plain'],
    ['xml', 'plain'],
    ['json', 'compatible'],
    ['xml', 'compatible'],
  ])('refuses forged %s in %s mode', async (format, mode) => {
    const { server } = await startHearing({ mode })
    const encoded = encodePush(text('hi'), { ...secrets, mode }, { format })
    expect(await server.push(encoded)).toMatchObject({ status: 200 })
    const query = { ...encoded.query, signature: forged, msg_signature: forged }
    expect(await server.push({ ...encoded, query })).toMatchObject({ status: 403 })
  })

  it('tells an age by the clock it is given, and none where 0 is the limit', async () => {
    const encoded = encodePush(text('hi'), secrets, { timestamp: 1714037059 })
    const { server } = await startHearing({ now: () => 1714037059_000 + 600_000 })
    expect(await server.push(encoded)).toMatchObject({ status: 200 })
    const later = await startHearing({ now: () => 1714037059_000 + 601_000 })
    expect(await later.server.push(encoded)).toMatchObject({ status: 403 })
    const never = await startHearing({ maxAgeSeconds: 0 })
    expect(await never.server.push(encoded)).toMatchObject({ status: 200 })
  })
})

describe('an error that is nobody’s fault but ours', () => {
  it('is Koa’s to report: 500 without a word of it', async () => {
    const { server, errors } = await startHearing({
      now: () => {
        throw new RangeError('the clock is broken')
      },
    })
    for (const reply of [
      await server.push(encodePush(text('hi'), secrets)),
      await server.ask({ query: verification('1') }),
    ])
      expect(reply).toMatchObject({ status: 500, body: 'Internal Server Error' })
    expect(errors.map(String)).toEqual(Array(2).fill('RangeError: the clock is broken'))
  })
})

describe('what is not ours', () => {
  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'] as const)(
    '%s is refused with what is allowed',
    async (method) => {
      const { server } = await startHearing()
      const reply = await server.ask({ method, query: verification('1') })
      expect(reply.status).toBe(405)
      expect(reply.headers['allow']).toBe('GET, POST')
      expectPlain(reply)
    },
  )

  it.each([
    '/',
    '/wechat2',
    '/wechat/other',
    `/wechat/${secrets.appId}/x`,
    '/WECHAT',
    '/a/wechat',
    '//wechat',
  ])('%s goes to the next middleware', async (path) => {
    const { server, logger } = await startHearing()
    const reply = await server.ask({ method: 'POST', path, query: verification('1') })
    expect(reply).toMatchObject({ status: 200, body: `next: ${path}` })
    expect(reply.headers).not.toHaveProperty('x-content-type-options')
    expect(logger.lines).toEqual([])
  })

  it.each([
    ['/wechat', ['/wechat', '/wechat/', `/wechat/${secrets.appId}`, `/wechat/${secrets.appId}/`]],
    ['/wechat/', ['/wechat', '/wechat/', `/wechat/${secrets.appId}`]],
    ['/', ['/', `/${secrets.appId}`]],
  ])('with the path %s it is also written %j', async (path, written) => {
    const { server } = await startHearing({ path })
    for (const each of written)
      expect(await server.ask({ path: each, query: verification('1') })).toMatchObject({
        status: 200,
        body: '1',
      })
  })

  it('is nothing when no path is given', async () => {
    const server = await startKoa(new Koa().use(webhook(new Bot({ api: new RecordingSender() }), secrets)))
    onTestFinished(() => server.close())
    for (const path of ['/', '/anything/at/all'])
      expect(await server.ask({ path, query: verification('1') })).toMatchObject({ status: 200, body: '1' })
  })
})

describe('options that can’t work', () => {
  const bot = new Bot({ api: new RecordingSender() })
  it.each<[string, Partial<WebhookOptions>, RegExp]>([
    ['no Mini Program', { apps: [] }, /at least one/],
    ['an empty token', { token: '' }, /token is empty/],
    ['a key that is too short', { encodingAESKey: 'short' }, /43 letters/],
    ['one bad app among good ones', { apps: [secrets, { ...secrets, token: '' }] }, /token is empty/],
    ['a path without its slash', { path: 'wechat' }, /must start with a slash/],
    ['no time to answer', { deadlineMs: 0 }, /between 1 and/],
    ['a deadline that is no number', { deadlineMs: NaN }, /between 1 and/],
    ['more time than WeChat waits', { deadlineMs: 5000 }, /the 5000 that WeChat waits/],
  ])('are refused at once: %s', (_name, options, why) => {
    const given: WebhookOptions = { ...secrets, ...options }
    expect(() => webhook(bot, given)).toThrow(ConfigError)
    expect(() => webhook(bot, given)).toThrow(why)
  })
})

describe('the log', () => {
  it('holds no token, key, signature, ciphertext or text of a customer, whatever happens', async () => {
    const token = 'TOKEN-THAT-IS-SECRET'
    const encodingAESKey = 'KEYxTHATxISxSECRETx'.padEnd(43, 'k')
    const planted: PushSecrets = { ...secrets, token, encodingAESKey }
    const logger = new RecordingLogger()
    const bot = new Bot({ api: new RecordingSender(), logger })
      .hears(/throw/, () => {
        throw new Error('of a handler')
      })
      .hears(/long/, (ctx) => ctx.reply(ctx.message.content.repeat(9999)))
      .on('event', (ctx) => {
        ctx.transfer()
      })
    const full = new MemoryInbox(bot, { waiting: 0 })
    const customer = 'TEXT-OF-A-CUSTOMER'
    const encoded = [
      encodePush(text(`${customer} throw`, { msgId: '1' }), planted),
      encodePush(text(`${customer} long`, { msgId: '2' }), planted),
      encodePush(event(customer.toLowerCase(), { Text: customer }), planted, { format: 'xml' }),
      encodePush(text(customer), { ...planted, encodingAESKey: 'A'.repeat(43) }),
      encodePush(text(customer), { ...planted, token: 'ANOTHER-TOKEN-SECRET' }),
      encodePush(text(customer), { ...planted, appId: 'wxANOTHER' }),
      encodePush(text(customer), { ...planted, mode: 'plain' }),
      encodePush(text(customer), planted, { timestamp: 1 }),
      { ...encodePush(text(customer), planted), body: `{"Content":"${customer}` },
      { ...encodePush(text(customer), planted), body: `<xml><${customer}>` },
      { ...encodePush(text(customer), planted), body: customer.repeat(9999) },
    ]
    for (const target of [bot, full]) {
      const server = await startKoa(new Koa().use(webhook(target, { ...planted, logger })))
      onTestFinished(() => server.close())
      for (const push of encoded) await server.push(push)
      await server.ask({ query: verification(customer) })
    }
    expect(logger.lines.length).toBeGreaterThanOrEqual(encoded.length * 2)
    const written = inspect(logger.lines, {
      depth: Infinity,
      maxStringLength: Infinity,
      maxArrayLength: Infinity,
    })
    expect(written).toContain('a handler failed')
    expect(written).toContain('a push could not be taken')
    for (const secret of [token, 'ANOTHER-TOKEN-SECRET', encodingAESKey, customer])
      expect(written).not.toContain(secret)
    for (const { query, body } of encoded) {
      const ciphertext = /Encrypt[^A-Za-z0-9+/]+(?:CDATA\[)?([A-Za-z0-9+/]{24})/.exec(body)?.[1]
      for (const value of [query['signature'], query['msg_signature'], ciphertext])
        if (value !== undefined) expect(written).not.toContain(value)
    }
  })

  it('is the console when no logger is given', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    onTestFinished(() => {
      warn.mockRestore()
    })
    const bot = new Bot({ api: new RecordingSender() })
    const server = await startKoa(new Koa().use(webhook(bot, secrets)))
    onTestFinished(() => server.close())
    await server.ask({})
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^kefu: The query has no single.*"status":403/)]])
  })
})

function without(query: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(query).filter(([key]) => key !== name))
}

function retimed(query: Record<string, string>): { query: Record<string, string> } {
  return { query: { ...query, timestamp: String(Number(query['timestamp']) + 1) } }
}
