import { describe, expect, it, vi } from 'vitest'
import { newRun } from '../src/bot/index.js'
import { MemoryInbox, type Inbox } from '../src/webhook/index.js'
import { decodeAnswer, encodePush, type Answer, type Format, type Mode } from '../src/wechat/index.js'
import { gate } from './support/gate.js'
import type { KoaServer } from './support/koa-server.js'
import { enter, secrets, text } from './support/pushes.js'
import { start } from './support/webhook-scene.js'

describe('the deadline', () => {
  it('answers success while the handlers are at work, and the work goes on', async () => {
    const { server, bot, sender } = await start({ deadlineMs: 150 })
    const wait = gate()
    const replied = gate()
    bot.use(async (ctx) => {
      await wait.opened
      await ctx.reply('查到了')
      replied.open()
    })
    expect(await server.push(encodePush(text('订单'), secrets))).toMatchObject({
      status: 200,
      body: 'success',
    })
    expect(sender.texts).toEqual([])
    wait.open()
    await replied.opened
    expect(sender.texts).toEqual(['查到了'])
  })

  it('does not wait when the handlers are done', async () => {
    const { server, bot } = await start({ deadlineMs: 4999 })
    bot.use(() => undefined)
    // The deadline never comes, so that only the handlers' end can answer.
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    try {
      expect(await server.push(encodePush(text('hi'), secrets))).toMatchObject({ body: 'success' })
    } finally {
      vi.useRealTimers()
    }
  })

  it('leaves no timer behind for a push that was answered', async () => {
    const { server } = await start()
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    await server.push(encodePush(text('hi', { msgId: '0' }), secrets))
    const before = timers()
    for (let i = 1; i <= 20; i++) await server.push(encodePush(text('hi', { msgId: String(i) }), secrets))
    expect(timers()).toBeLessThan(before + 10)
  })

  it('answers success also when a handler fails', async () => {
    const { server, bot, logger } = await start()
    bot.use(() => {
      throw new Error('oops')
    })
    expect(await server.push(encodePush(text('hi'), secrets))).toMatchObject({ status: 200, body: 'success' })
    expect(logger.messages('error')).toEqual(['a handler failed'])
  })
})

describe('transfer', () => {
  const everyWay = (['plain', 'compatible', 'secure'] as const).flatMap((mode) =>
    (['json', 'xml'] as const).map((format): [Mode, Format] => [mode, format]),
  )

  it.each(everyWay)('in time is the answer, as WeChat reads it (%s, %s)', async (mode, format) => {
    const app = { ...secrets, mode }
    const { server, bot } = await start({ mode })
    bot.hears('人工', (ctx) => {
      ctx.transfer()
    })
    const reply = await server.push(encodePush(text('人工'), app, { format }))
    expect(reply.status).toBe(200)
    expect(reply.type).toBe(format === 'json' ? 'application/json; charset=utf-8' : 'application/xml')
    expect(reply.headers['x-content-type-options']).toBe('nosniff')
    const { answer, fields } = decodeAnswer(reply.body, format, app)
    expect(answer).toBe('transfer')
    expect(fields).toMatchObject({ ToUserName: 'oLin', FromUserName: 'gh_0123456789ab' })
    expect(reply.body.includes('transfer_customer_service')).toBe(mode === 'plain')
  })

  it('is the answer at the deadline when it was decided before and the handler is still at work', async () => {
    const { server, bot } = await start({ deadlineMs: 150 })
    const wait = gate()
    bot.use(async (ctx) => {
      ctx.transfer()
      await wait.opened
    })
    const push = encodePush(text('人工'), secrets)
    const reply = await server.push(push)
    expect(decodeAnswer(reply.body, 'json', secrets).answer).toBe('transfer')
    wait.open()
    expect(decodeAnswer((await server.push(push)).body, 'json', secrets).answer).toBe('transfer')
  })

  it('is refused when it comes after the answer, and a repeat is told success too', async () => {
    const { server, bot } = await start({ deadlineMs: 150 })
    const wait = gate()
    const caught = gate<unknown>()
    bot
      .use(async (ctx) => {
        await wait.opened
        ctx.transfer()
      })
      .catch((error) => {
        caught.open(error)
      })
    const push = encodePush(text('人工'), secrets)
    expect(await server.push(push)).toMatchObject({ status: 200, body: 'success' })
    wait.open()
    expect(await caught.opened).toMatchObject({ name: 'HandlerError', code: 'late' })
    expect(await server.push(push)).toMatchObject({ status: 200, body: 'success' })
  })

  it('of an event is misuse, and the event is answered with success', async () => {
    const { server, bot, logger } = await start()
    bot.on('event', (ctx) => {
      ctx.transfer()
    })
    expect(await server.push(encodePush(enter(), secrets))).toMatchObject({ status: 200, body: 'success' })
    expect(logger.lines).toMatchObject([{ fields: { err: { code: 'misuse' } } }])
  })
})

describe('one push', () => {
  it('that comes five times at once runs once, and each gets the first one’s answer', async () => {
    const { server, bot, sender } = await start()
    const wait = gate()
    const begun = gate()
    bot.use(async (ctx) => {
      begun.open()
      await wait.opened
      await ctx.reply('一次')
      ctx.transfer()
    })
    const push = encodePush(text('人工'), secrets)
    const replies = Promise.all(Array.from({ length: 5 }, () => server.push(push)))
    await begun.opened
    wait.open()
    for (const { body } of await replies) expect(decodeAnswer(body, 'json', secrets).answer).toBe('transfer')
    expect(sender.texts).toEqual(['一次'])
  })

  it('that comes again with another timestamp, nonce and ciphertext is still the same', async () => {
    const { server, bot, sender } = await start()
    bot.use((ctx) => ctx.reply('一次'))
    for (const format of ['json', 'xml'] as const)
      for (const nonce of ['1', '2'])
        expect(await server.push(encodePush(text('hi'), secrets, { format, nonce }))).toMatchObject({
          body: 'success',
        })
    expect(sender.texts).toEqual(['一次'])
  })

  it('that is repeated while it is still running gets success at its own deadline', async () => {
    const { server, bot, sender } = await start({ deadlineMs: 150 })
    const wait = gate()
    const replied = gate()
    bot.use(async (ctx) => {
      await wait.opened
      await ctx.reply('一次')
      replied.open()
    })
    const push = encodePush(text('hi'), secrets)
    for (let attempt = 0; attempt < 3; attempt++)
      expect(await server.push(push)).toMatchObject({ status: 200, body: 'success' })
    wait.open()
    await replied.opened
    expect(await server.push(push)).toMatchObject({ body: 'success' })
    expect(sender.texts).toEqual(['一次'])
  })
})

describe('order', () => {
  it('is kept in a conversation while others go on', async () => {
    const { server, bot } = await start({ deadlineMs: 4000 })
    const wait = gate()
    const begun = gate()
    const done: string[] = []
    bot.hears('slow', async (_ctx, next) => {
      begun.open()
      await wait.opened
      await next()
    })
    bot.use((ctx) => done.push(`${ctx.openId} ${ctx.text ?? ''}`))
    const say = (content: string, fromUserName: string): Promise<unknown> =>
      server.push(encodePush(text(content, { fromUserName, msgId: content }), secrets))

    const slow = say('slow', 'oLin')
    await begun.opened
    const behind = say('2', 'oLin')
    await Promise.all(['a', 'b', 'c'].map((content) => say(content, `o-${content}`)))
    expect(done.sort()).toEqual(['o-a a', 'o-b b', 'o-c c'])
    done.length = 0
    wait.open()
    await Promise.all([slow, behind])
    expect(done).toEqual(['oLin slow', 'oLin 2'])
  })
})

describe('an inbox', () => {
  const push = encodePush(text('hi'), secrets)

  it('that is full is answered with 500 so that WeChat tries again, and then takes it', async () => {
    const { server, bot, logger } = await start(
      { deadlineMs: 150 },
      (own) => new MemoryInbox(own, { waiting: 2 }),
    )
    const wait = gate()
    const third = gate()
    bot.use(async (ctx) => {
      if (ctx.text === '3') third.open()
      else await wait.opened
    })
    const say = (content: string): ReturnType<KoaServer['push']> =>
      server.push(encodePush(text(content, { msgId: content }), secrets))
    expect(await Promise.all([say('1'), say('2')])).toMatchObject([{ status: 200 }, { status: 200 }])
    const refused = await say('3')
    expect(refused).toMatchObject({ status: 500, body: 'try again', type: 'text/plain; charset=utf-8' })
    expect(logger.lines).toMatchObject([
      {
        level: 'error',
        fields: { appId: secrets.appId, err: { message: '2 pushes are waiting already' } },
        message: 'a push could not be taken; WeChat will try again',
      },
    ])
    wait.open()
    expect(await say('1')).toMatchObject({ status: 200 })
    expect(await say('3')).toMatchObject({ status: 200 })
    await third.opened
  })

  it.each<[string, Inbox]>([
    ['rejects', { accept: () => Promise.reject(new Error('no database')) }],
    [
      'throws',
      {
        accept: () => {
          throw new Error('no database')
        },
      },
    ],
  ])('that %s is answered with 500', async (_name, inbox) => {
    const { server, logger } = await start({}, () => inbox)
    expect(await server.push(push)).toMatchObject({ status: 500, body: 'try again' })
    expect(logger.lines).toMatchObject([{ level: 'error', fields: { err: { message: 'no database' } } }])
  })

  it('that never takes it is answered with 500 at the deadline', async () => {
    const { server, logger } = await start({ deadlineMs: 150 }, () => ({
      accept: () => new Promise(() => undefined),
    }))
    expect(await server.push(push)).toMatchObject({ status: 500, body: 'try again' })
    expect(logger.messages('error')).toEqual(['a push was not safe in time; WeChat will try again'])
  })

  it.each<[string, (fail: Promise<void>) => Inbox]>([
    [
      'accept() fails',
      (fail) => ({ accept: () => fail.then(() => Promise.reject(new Error('too late to matter'))) }),
    ],
    [
      'the answer fails',
      (fail) => ({
        accept: () =>
          fail.then(() => ({ answer: Promise.reject(new Error('too late to matter')), run: newRun() })),
      }),
    ],
  ])('does not end the process when %s after the deadline', async (_name, inboxOf) => {
    const wait = gate()
    const { server, logger } = await start({ deadlineMs: 150 }, () => inboxOf(wait.opened))
    expect(await server.push(push)).toMatchObject({ status: 500 })
    wait.open()
    await new Promise(setImmediate)
    expect(logger.lines).toMatchObject([{}, { fields: { err: { message: 'too late to matter' } } }])
  })

  it.each<[Answer, string]>([
    ['success', 'success'],
    ['transfer', 'transfer_customer_service'],
  ])('whose answer fails has the push: what was decided is answered (%s)', async (answer, body) => {
    const run = { ...newRun(), answer }
    const { server, logger } = await start({ mode: 'plain' }, () => ({
      accept: async () => ({ answer: Promise.reject(new Error('crashed')), run }),
    }))
    const plain = encodePush(text('hi'), { ...secrets, mode: 'plain' })
    expect(await server.push(plain)).toMatchObject({
      status: 200,
      body: expect.stringContaining(body) as string,
    })
    expect(run.answered).toBe(true)
    expect(logger.messages('error')).toEqual(['a push was taken and its answer failed'])
  })
})
