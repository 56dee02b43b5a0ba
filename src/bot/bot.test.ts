import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { gate } from '../../test/support/gate.js'
import { pushOf, secrets, text } from '../../test/support/pushes.js'
import { RecordingLogger } from '../../test/support/recording-logger.js'
import { RecordingSender } from '../../test/support/recording-sender.js'
import { ConfigError, HandlerError } from '../errors.js'
import { silentLogger } from '../log.js'
import { Bot, newRun, type BotOptions, type Context } from './index.js'

function newBot(options: Partial<BotOptions> = {}): Bot {
  return new Bot({ api: new RecordingSender(), logger: silentLogger, ...options })
}

describe('what comes of handling a push', () => {
  it('is success without a handler', async () => {
    expect(await newBot().handle(pushOf(text('hi')))).toEqual({
      answer: 'success',
      replies: 0,
      error: undefined,
    })
  })

  it('counts the replies and tells a transfer', async () => {
    const bot = newBot().use(async (ctx) => {
      await ctx.reply('马上为您转接')
      await ctx.reply('请稍候')
      ctx.transfer()
    })
    expect(await bot.handle(pushOf(text('人工')))).toEqual({
      answer: 'transfer',
      replies: 2,
      error: undefined,
    })
  })

  it('keeps a transfer that was decided before a handler threw', async () => {
    const bot = newBot().use((ctx) => {
      ctx.transfer()
      throw new Error('afterwards')
    })
    expect(await bot.handle(pushOf(text('人工')))).toMatchObject({
      answer: 'transfer',
      error: { code: 'threw' },
    })
  })

  it('keeps pushes apart that are handled at the same time', async () => {
    const sender = new RecordingSender()
    const bot = newBot({ api: sender })
    const gates = [gate(), gate(), gate()]
    bot.hears(/^(\d)$/, async (ctx) => {
      await gates[Number(ctx.match[1])]?.opened
      await ctx.reply(`${ctx.openId} ${ctx.match.join()} ${ctx.text}`)
    })
    const handled = gates.map((_gate, i) => bot.handle(pushOf(text(String(i), { fromUserName: `o${i}` }))))
    for (const i of [2, 0, 1]) {
      gates[i]?.open()
      expect(await handled[i]).toMatchObject({ replies: 1 })
    }
    expect(sender.sent.map(({ openId, message }) => [openId, message])).toEqual(
      [2, 0, 1].map((i) => [`o${i}`, { msgType: 'text', content: `o${i} ${i},${i} ${i}` }]),
    )
  })
})

describe('who carries replies', () => {
  it('is the sender of the push’s own Mini Program', async () => {
    const senders = new Map([
      ['wx1', new RecordingSender()],
      ['wx2', new RecordingSender()],
    ])
    const bot = newBot({ api: (appId) => senders.get(appId) ?? new RecordingSender() })
    bot.use(async (ctx) => {
      await ctx.setTyping()
      await ctx.reply(ctx.appId)
    })
    for (const appId of senders.keys()) await bot.handle(pushOf(text('hi'), { ...secrets, appId }))
    for (const [appId, { texts, typing }] of senders) expect([texts, typing.length]).toEqual([[appId], 1])
  })

  it('is a failure of the handler that says which Mini Program has none', async () => {
    const bot = newBot({ api: () => undefined, logger: silentLogger }).on('message', (ctx) => ctx.reply('hi'))
    const { error } = await bot.handle(pushOf(text('hi')))
    expect(error?.cause).toBeInstanceOf(ConfigError)
    expect(String(error?.cause)).toContain(secrets.appId)
  })

  it('is the sender of one run where that is given', async () => {
    const [usual, own] = [new RecordingSender(), new RecordingSender()]
    const bot = newBot({ api: usual }).use(async (ctx) => {
      await ctx.setTyping()
      await ctx.reply('hi')
    })
    await bot.handle(pushOf(text('hi')), { sender: own })
    expect([usual.sent, usual.typing, own.texts, own.typing.length]).toEqual([[], [], ['hi'], 1])
  })

  it('is not asked for when nothing is sent', async () => {
    const bot = newBot({
      api: () => {
        throw new ConfigError('There is no such Mini Program.')
      },
    })
    expect(await bot.handle(pushOf(text('hi')))).toMatchObject({ answer: 'success', error: undefined })
  })

  it('is an error of the handler when a Mini Program has none: handle() does not reject', async () => {
    const error = new ConfigError('There is no such Mini Program.')
    const caught: unknown[] = []
    const bot = newBot({
      api: () => {
        throw error
      },
    })
    bot.use((ctx) => ctx.reply('hi')).catch((thrown) => caught.push(thrown))
    const handled = await bot.handle(pushOf(text('hi')))
    expect(handled).toMatchObject({ answer: 'success', replies: 0, error: { code: 'threw' } })
    expect(handled.error?.cause).toBe(error)
    expect(caught).toEqual([error])
  })
})

describe('attempt', () => {
  it('is 1, or what an inbox knows better', async () => {
    const seen: number[] = []
    const bot = newBot().use((ctx) => seen.push(ctx.attempt))
    await bot.handle(pushOf(text('hi')))
    await bot.handle(pushOf(text('hi')), { attempt: 3 })
    expect(seen).toEqual([1, 3])
  })
})

describe('errors', () => {
  const push = pushOf(text('secret text'))
  const about = { appId: push.appId, openId: push.openId, pushId: push.id }

  it.each([new RangeError('oops'), 'a string', undefined, null, 10n, { circular: true }])(
    'are logged where nothing catches them, whatever was thrown (%s)',
    async (thrown: unknown) => {
      const logger = new RecordingLogger()
      const bot = newBot({ logger }).use(() => {
        throw thrown
      })
      const handled = await bot.handle(push)
      expect(handled).toMatchObject({ answer: 'success', replies: 0 })
      expect(handled.error).toBeInstanceOf(HandlerError)
      expect(handled.error?.code).toBe('threw')
      expect(handled.error?.cause).toBe(thrown)
      expect(logger.lines).toEqual([
        { level: 'error', fields: { err: thrown, ...about }, message: 'a handler failed' },
      ])
    },
  )

  it('reach a pino logger with their words and stack', async () => {
    const lines: string[] = []
    const logger = pino({ base: null }, { write: (line: string) => lines.push(line) })
    const bot = newBot({ logger }).use(() => {
      throw new RangeError('oops')
    })
    await bot.handle(push)
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      ...about,
      err: { type: 'RangeError', message: 'oops', stack: expect.stringContaining('bot.test.ts') as string },
      msg: 'a handler failed',
    })
  })

  it('are written to the console when no logger is given, and handle() does not reject for what JSON can’t hold', async () => {
    const error = vi.spyOn(console, 'error').mockReturnValue()
    try {
      const circular: { self?: unknown } = {}
      circular.self = circular
      const thrown: unknown[] = [new RangeError('oops'), 10n, circular]
      const bot = new Bot({ api: new RecordingSender() }).use(() => {
        throw thrown.shift()
      })
      while (thrown.length > 0) expect(await bot.handle(push)).toMatchObject({ error: { code: 'threw' } })
      const written = error.mock.calls.map(([text]) => String(text))
      expect(written).toEqual([
        expect.stringMatching(
          /^kefu: a handler failed \{"appId":.*\}\n {2}RangeError: oops\n {6}at .*bot\.test\.ts/,
        ),
        expect.stringContaining('"err":"10"'),
        expect.stringContaining(push.id),
      ])
    } finally {
      error.mockRestore()
    }
  })

  it('are caught as they were thrown, with the context, and not logged', async () => {
    const logger = new RecordingLogger()
    const caught: [unknown, Context][] = []
    const thrown = new RangeError('oops')
    const bot = newBot({ logger })
      .use(async () => {
        await Promise.resolve()
        throw thrown
      })
      .catch((error, ctx) => caught.push([error, ctx]))
    const { error } = await bot.handle(push)
    expect(error?.cause).toBe(thrown)
    expect(caught).toHaveLength(1)
    expect(caught[0]?.[0]).toBe(thrown)
    expect(caught[0]?.[1].push).toBe(push)
    expect(logger.lines).toEqual([])
  })

  it('of our own are given as they are', async () => {
    const bot = newBot().use((ctx) => ctx.reply('x'.repeat(20_000)))
    const { error } = await bot.handle(push)
    expect(error?.code).toBe('misuse')
    expect(error?.cause).toBeUndefined()
  })

  it('are waited for: a catch may reply', async () => {
    const sender = new RecordingSender()
    const bot = newBot({ api: sender })
      .use(() => {
        throw new Error('oops')
      })
      .catch(async (_error, ctx) => {
        await ctx.reply('抱歉，请稍后再试')
      })
    expect(await bot.handle(push)).toMatchObject({ replies: 1 })
    expect(sender.texts).toEqual(['抱歉，请稍后再试'])
  })

  it('go to the catch that was registered last', async () => {
    const caught: string[] = []
    const bot = newBot().use(() => {
      throw new Error('oops')
    })
    bot.catch(() => caught.push('first')).catch(() => caught.push('second'))
    await bot.handle(push)
    expect(caught).toEqual(['second'])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('second')
      },
    ],
    ['rejects', async () => Promise.reject(new Error('second'))],
  ])('are both logged when catch itself %s', async (_how, onError: () => unknown) => {
    const logger = new RecordingLogger()
    const bot = newBot({ logger })
      .use(() => {
        throw new Error('first')
      })
      .catch(onError)
    const { error } = await bot.handle(push)
    expect(error?.cause).toEqual(new Error('first'))
    expect(logger.lines.map(({ fields, message }) => [fields, message])).toEqual([
      [{ err: new Error('first'), ...about }, 'a handler failed'],
      [{ err: new Error('second'), ...about }, 'bot.catch() itself failed'],
    ])
  })
})

describe('the time that handlers have', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('ends after 60 s: the push is through, and what a handler does later is refused', async () => {
    const sender = new RecordingSender()
    const logger = new RecordingLogger()
    const wait = gate()
    const later = gate<unknown>()
    const bot = newBot({ api: sender, logger }).use(async (ctx) => {
      await ctx.reply('in time')
      await wait.opened
      await ctx.reply('too late').catch((error: unknown) => {
        later.open(error)
        throw error
      })
    })
    const run = newRun()
    const handling = bot.handle(pushOf(text('hi')), { run })
    await vi.advanceTimersByTimeAsync(59_999)
    expect(run.over).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(await handling).toMatchObject({ answer: 'success', replies: 1, error: { code: 'timeout' } })
    expect(run.over).toBe(true)

    wait.open()
    expect(await later.opened).toMatchObject({ name: 'HandlerError', code: 'timeout' })
    await vi.runAllTimersAsync()
    expect(sender.texts).toEqual(['in time'])
    expect(logger.messages('error')).toEqual(['a handler failed'])
  })

  it('can be set, and is over in the eyes of catch, which is told', async () => {
    const bot = newBot({ handlerTimeoutMs: 100 })
    const caught: unknown[] = []
    bot.use(() => new Promise(() => undefined)).catch((error) => caught.push(error))
    const handling = bot.handle(pushOf(text('hi')))
    await vi.advanceTimersByTimeAsync(100)
    const { error } = await handling
    expect(error).toMatchObject({ code: 'timeout', message: expect.stringContaining('100 ms') as string })
    expect(caught).toEqual([error])
  })

  it('does not swallow an error that comes after it', async () => {
    const logger = new RecordingLogger()
    const wait = gate()
    const bot = newBot({ logger, handlerTimeoutMs: 100 }).use(async () => {
      await wait.opened
      throw new RangeError('much later')
    })
    const handling = bot.handle(pushOf(text('hi')))
    await vi.advanceTimersByTimeAsync(100)
    await handling
    wait.open()
    await vi.runAllTimersAsync()
    expect(logger.lines).toMatchObject([
      { fields: { err: { code: 'timeout' } } },
      {
        level: 'error',
        fields: { err: new RangeError('much later') },
        message: 'a handler failed after its time was over',
      },
    ])
  })

  it('bounds a catch that never ends too, so that a conversation can’t be stuck', async () => {
    const logger = new RecordingLogger()
    const bot = newBot({ logger, handlerTimeoutMs: 100 })
      .use(() => {
        throw new Error('oops')
      })
      .catch(() => new Promise(() => undefined))
    const handling = bot.handle(pushOf(text('hi')))
    await vi.advanceTimersByTimeAsync(100)
    expect(await handling).toMatchObject({ error: { code: 'threw' } })
    expect(logger.lines).toMatchObject([
      { fields: { err: new Error('oops') }, message: 'bot.catch() took longer than 100 ms with this' },
    ])
  })

  it('leaves no timer behind', async () => {
    const bot = newBot()
    await bot.handle(pushOf(text('hi')))
    bot
      .use(() => {
        throw new Error('oops')
      })
      .catch(() => undefined)
    await bot.handle(pushOf(text('hi')))
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([0, -1, NaN, Infinity, 2 ** 31])(
    'can’t be %d, which a timer would take for none',
    (handlerTimeoutMs) => {
      expect(() => newBot({ handlerTimeoutMs })).toThrow(ConfigError)
    },
  )
})

describe('a reply that nobody awaits', () => {
  const refused = new Error('refused')
  const refusing = {
    send: async () => {
      await new Promise(setImmediate)
      throw refused
    },
    setTyping: async () => undefined,
  }

  it('is waited for, in its order, before the push counts as handled', async () => {
    const sender = new RecordingSender()
    const bot = newBot({ api: sender }).use((ctx) => {
      void ctx.reply('一')
      void ctx.reply('二')
    })
    expect(await bot.handle(pushOf(text('hi')))).toEqual({ answer: 'success', replies: 2, error: undefined })
    expect(sender.sent).toHaveLength(2)
  })

  it('and fails is told to catch, and ends no process', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const caught: unknown[] = []
    const bot = newBot({ api: refusing })
    bot.use((ctx) => {
      void ctx.reply('一')
    })
    bot.catch((error) => caught.push(error))
    expect(await bot.handle(pushOf(text('hi')))).toMatchObject({
      replies: 0,
      error: { code: 'threw', cause: refused },
    })
    expect(caught).toEqual([refused])
    // Also one that fails while the handlers are still at work, and one beside an error of their own.
    const own = new Error('own')
    let settle = (): void => undefined
    const settled = new Promise<void>((resolve) => (settle = resolve))
    const failing = {
      ...refusing,
      // By the next turn, whoever waited for the send knows that it failed.
      send: () => refusing.send().finally(() => setImmediate(settle)),
    }
    const slow = newBot({ api: failing }).catch((error) => caught.push(error))
    slow.use(async (ctx) => {
      void ctx.reply('一')
      await settled
      throw own
    })
    expect(await slow.handle(pushOf(text('hi')))).toMatchObject({ error: { cause: own } })
    expect(caught).toEqual([refused, own, refused])
    // Node tells of a rejection that nobody handled before the next turn begins.
    await new Promise(setImmediate)
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('is the handler’s own affair when it looks at what becomes of it', async () => {
    const caught: unknown[] = []
    const bot = newBot({ api: refusing }).catch((error) => caught.push(error))
    bot.use(async (ctx) => {
      void ctx.reply('一').catch(() => undefined)
      await ctx.reply('二').catch(() => undefined)
      await Promise.allSettled([ctx.reply('三')])
    })
    expect(await bot.handle(pushOf(text('hi')))).toMatchObject({ error: undefined })
    expect(caught).toEqual([])
  })

  it('is logged when it fails after the push was handled, or in catch', async () => {
    const logger = new RecordingLogger()
    const late = gate()
    const bot = newBot({ api: refusing, logger })
    bot.hears('late', (ctx) => {
      void late.opened.then(() => void ctx.reply('一'))
    })
    bot.hears('throws', () => {
      throw new Error('first')
    })
    bot.catch((_error, ctx) => {
      void ctx.reply('抱歉')
    })
    await bot.handle(pushOf(text('late')))
    late.open()
    await vi.waitFor(() => {
      expect(logger.messages('error')).toEqual(['a handler failed after its time was over'])
    })
    await bot.handle(pushOf(text('throws')))
    expect(logger.messages('error')).toContain('bot.catch() itself failed')
  })
})
