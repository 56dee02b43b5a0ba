import { describe, expect, it } from 'vitest'
import { enter, event, image, pushOf, text } from '../../test/support/pushes.js'
import { RecordingSender } from '../../test/support/recording-sender.js'
import { silentLogger } from '../log.js'
import type { IncomingInput } from '../wechat/index.js'
import { Bot, Composer, type Context, type Middleware } from './index.js'

function newBot(): Bot {
  return new Bot({ api: new RecordingSender(), logger: silentLogger })
}

const passing: Middleware = (_ctx, next) => next()

/** Handles a push and throws what a handler threw. */
async function run(bot: Bot, incoming: IncomingInput): Promise<void> {
  const { error } = await bot.handle(pushOf(incoming))
  if (error?.cause instanceof Error) throw error.cause
  if (error) throw error
}

function tracer(): { trace: string[]; step: (name: string) => Middleware } {
  const trace: string[] = []
  return {
    trace,
    step: (name) => async (_ctx, next) => {
      trace.push(`${name} in`)
      await next()
      trace.push(`${name} out`)
    },
  }
}

describe('the onion', () => {
  it('runs the first registered first, and what stands after next() on the way out', async () => {
    const { trace, step } = tracer()
    const bot = newBot().use(step('a')).use(step('b'), step('c'))
    await run(bot, text('hi'))
    expect(trace).toEqual(['a in', 'b in', 'c in', 'c out', 'b out', 'a out'])
  })

  it('ends where next() is not called', async () => {
    const { trace, step } = tracer()
    const bot = newBot()
      .use(step('a'))
      .use(() => trace.push('end'))
      .use(step('never'))
    await run(bot, text('hi'))
    expect(trace).toEqual(['a in', 'end', 'a out'])
  })

  it('gives the same context to everyone', async () => {
    const seen = new Set<Context>()
    const see: Middleware = (ctx, next) => {
      seen.add(ctx)
      return next()
    }
    const bot = newBot()
      .use(see, see)
      .on('message', see)
      .hears('hi', see)
      .when(() => true, see)
    await run(bot, text('hi'))
    expect(seen.size).toBe(1)
  })

  it('lets middleware leave things for the handlers behind it', async () => {
    const bot = newBot()
    let name: unknown
    bot.use((ctx, next) => {
      ctx.state['name'] = '小林'
      return next()
    })
    bot.use((ctx) => (name = ctx.state['name']))
    await run(bot, text('hi'))
    expect(name).toBe('小林')
  })

  it.each([
    ['use', (bot: Bot, twice: Middleware) => bot.use(twice)],
    ['on', (bot: Bot, twice: Middleware) => bot.on('message', twice)],
    ['hears', (bot: Bot, twice: Middleware) => bot.hears('hi', twice)],
    ['when', (bot: Bot, twice: Middleware) => bot.when(async () => true, twice)],
  ])('refuses a second next() of the same middleware, as koa-compose does (%s)', async (_name, register) => {
    const bot = newBot()
    let behind = 0
    register(bot, async (_ctx, next) => {
      await next()
      await next()
    }).use(() => behind++)
    await expect(run(bot, text('hi'))).rejects.toThrow('next() called multiple times')
    expect(behind).toBe(1)
  })

  it('brings an error to whoever awaits next()', async () => {
    const bot = newBot()
    let caught: unknown
    bot.use(async (_ctx, next) => {
      await next().catch((error: unknown) => (caught = error))
    })
    bot.on('message', () => {
      throw new RangeError('from the inside')
    })
    await run(bot, text('hi'))
    expect(caught).toEqual(new RangeError('from the inside'))
  })

  it('takes what is added later from the next push on', async () => {
    const { trace, step } = tracer()
    const bot = newBot().use(step('a'))
    await run(bot, text('hi'))
    bot.use(step('b'))
    await run(bot, text('hi'))
    expect(trace).toEqual(['a in', 'a out', 'a in', 'b in', 'b out', 'a out'])
  })

  it('leaves a push that is under way alone when something is added', async () => {
    const { trace, step } = tracer()
    const bot = newBot()
    bot.use((_ctx, next) => {
      bot.use(step('late'))
      return next()
    })
    await run(bot, text('hi'))
    expect(trace).toEqual([])
  })

  it.each([undefined, 'text', {}, [() => 1]])('refuses %s as middleware where it is registered', (wrong) => {
    const bot = newBot()
    const use = bot.use.bind(bot) as (middleware: unknown) => unknown
    expect(() => use(wrong)).toThrow(TypeError)
    const on = bot.on.bind(bot, 'message') as unknown as (middleware: unknown) => unknown
    if (!Array.isArray(wrong)) expect(() => on(wrong)).toThrow(TypeError)
  })
})

describe('a Composer inside another', () => {
  it('runs in its place and hands on to what stands behind it', async () => {
    const { trace, step } = tracer()
    const inner = new Composer().use(step('x'), step('y'))
    const bot = newBot().use(step('a'), inner, step('b'))
    await run(bot, text('hi'))
    expect(trace).toEqual(['a in', 'x in', 'y in', 'b in', 'b out', 'y out', 'x out', 'a out'])
  })

  it('ends the whole chain where its own middleware does', async () => {
    const { trace, step } = tracer()
    const inner = new Composer().hears('hi', () => trace.push('heard'))
    const bot = newBot().use(inner, step('b'))
    await run(bot, text('hi'))
    await run(bot, text('other'))
    expect(trace).toEqual(['heard', 'b in', 'b out'])
  })

  it('takes what is added to it after it was used', async () => {
    const { trace, step } = tracer()
    const inner = new Composer()
    const bot = newBot().use(inner)
    inner.use(step('late'))
    await run(bot, text('hi'))
    inner.use(step('later'))
    await run(bot, text('hi'))
    expect(trace).toEqual(['late in', 'late out', 'late in', 'later in', 'later out', 'late out'])
  })

  it('stands behind a condition by its middleware()', async () => {
    const { trace, step } = tracer()
    const bot = newBot().when((ctx) => ctx.openId === 'oLin', new Composer().use(step('lin')).middleware())
    await run(bot, text('hi'))
    await run(bot, text('hi', { fromUserName: 'oWang' }))
    expect(trace).toEqual(['lin in', 'lin out'])
  })
})

describe('on', () => {
  const pushes: [string, IncomingInput][] = [
    ['text', text('hi')],
    ['image', image()],
    ['miniprogrampage', card()],
    ['voice', { ...other('voice'), msgId: '1' }],
    ['user_enter_tempsession', enter()],
    ['wxa_media_check', event('wxa_media_check')],
    ['trade_manage_remind_access_api', event('trade_manage_remind_access_api')],
  ]
  const messages = ['text', 'image', 'miniprogrampage', 'voice']
  const events = ['user_enter_tempsession', 'wxa_media_check', 'trade_manage_remind_access_api']

  it.each([
    ['message' as const, messages],
    ['message:text' as const, ['text']],
    ['message:image' as const, ['image']],
    ['message:miniprogrampage' as const, ['miniprogrampage']],
    ['event' as const, events],
    ['event:user_enter_tempsession' as const, ['user_enter_tempsession']],
    ['event:wxa_media_check' as const, ['wxa_media_check']],
    ['event:trade_manage_remind_access_api' as const, ['trade_manage_remind_access_api']],
    ['event:debug_demo' as const, []],
  ])('%s lets through exactly those pushes', async (query, expected) => {
    const met: string[] = []
    for (const [name, incoming] of pushes)
      await run(
        newBot().on(query, () => met.push(name)),
        incoming,
      )
    expect(met).toEqual(expected)
  })

  it('takes several queries', async () => {
    const met: string[] = []
    for (const [name, incoming] of pushes)
      await run(
        newBot().on(['message:image', 'event'], () => met.push(name)),
        incoming,
      )
    expect(met).toEqual(['image', ...events])
  })

  it('passes over what was not asked for', async () => {
    const { trace, step } = tracer()
    await run(newBot().on('message:image', step('image')).use(step('rest')), text('hi'))
    expect(trace).toEqual(['rest in', 'rest out'])
  })

  it('does not take an event named like a message, or the other way round', async () => {
    const { trace, step } = tracer()
    const bot = newBot().on('message:text', step('message')).on('event:debug_demo', step('event'))
    await run(bot, event('text'))
    await run(bot, { ...other('debug_demo'), msgId: '1' })
    expect(trace).toEqual([])
  })

  it.each(['message:txt', 'message:', 'event:', 'text', 'messages', 'message:toString', ''])(
    'refuses %j where it is registered, for those without a compiler',
    (wrong) => {
      const bot = newBot()
      const on = bot.on.bind(bot) as unknown as (query: unknown, handler: Middleware) => unknown
      expect(() => on(wrong, () => 1)).toThrow(/message:text.*event/)
      expect(() => on(['message', wrong], () => 1)).toThrow(TypeError)
    },
  )
})

describe('when', () => {
  it('asks a condition that gives a boolean or a promise of one', async () => {
    const { trace, step } = tracer()
    const bot = newBot()
      .when(() => true, step('yes'))
      .when(() => false, step('no'))
      .when(async () => true, step('later yes'))
      .when(async () => false, step('later no'))
    await run(bot, text('hi'))
    expect(trace).toEqual(['yes in', 'later yes in', 'later yes out', 'yes out'])
  })

  it('takes what is no boolean as JavaScript does', async () => {
    const { trace, step } = tracer()
    const bot = newBot()
    const when = bot.when.bind(bot) as (
      condition: (ctx: Context) => unknown,
      ...rest: Middleware[]
    ) => unknown
    when((ctx) => ctx.text?.match(/hi/), step('text'))
    when(() => undefined, step('never'))
    await run(bot, text('hi'))
    await run(bot, image())
    expect(trace).toEqual(['text in', 'text out'])
  })

  it('hands on what a condition throws or rejects with', async () => {
    const throwing = (): boolean => {
      throw new Error('no idea')
    }
    const rejecting = async (): Promise<boolean> => throwing()
    await expect(run(newBot().when(throwing, passing), text('hi'))).rejects.toThrow('no idea')
    await expect(run(newBot().when(rejecting, passing), text('hi'))).rejects.toThrow('no idea')
  })
})

describe('hears', () => {
  /** What the handler found: the match of each text that it heard. */
  async function heard(trigger: Parameters<Bot['hears']>[0], ...texts: string[]): Promise<unknown[]> {
    const found: unknown[] = []
    const bot = newBot().hears(trigger, (ctx) => found.push([...ctx.match]))
    for (const content of texts) await run(bot, text(content))
    return found
  }

  it('meets a whole text, white space around it aside', async () => {
    expect(await heard('人工', '人工', ' 人工\n', '　人工　', '转人工', '人 工', '')).toEqual(
      Array(3).fill(['人工']),
    )
    expect(await heard(' 人工 ', '人工')).toEqual([['人工']])
  })

  it('meets an expression and keeps its groups', async () => {
    expect(await heard(/^订单\s*(\d+)(?:-(\d+))?$/, '订单 1024', ' 订单7-8 ', '我的订单 1')).toEqual([
      ['订单 1024', '1024', undefined],
      ['订单7-8', '7', '8'],
    ])
  })

  it('keeps named groups', async () => {
    let id: string | undefined
    await run(
      newBot().hears(/(?<id>\d+)/, (ctx) => (id = ctx.match.groups?.['id'])),
      text('订单 1024'),
    )
    expect(id).toBe('1024')
  })

  it.each(['g', 'y', 'gy', 'gu'])('finds the same each time with the flags %s', async (flags) => {
    const expression = new RegExp('退(款|货)', flags)
    expect(await heard(expression, '退款退货', '退款退货', '退货')).toEqual([
      ['退款', '款'],
      ['退款', '款'],
      ['退货', '货'],
    ])
  })

  it('takes several triggers, the first that is met', async () => {
    expect(await heard(['人工', /^转(人工)$/, /人工/], '转人工', '人工', '要人工', '机器人')).toEqual([
      ['转人工', '人工'],
      ['人工'],
      ['人工'],
    ])
    expect(await heard([], 'anything')).toEqual([])
  })

  it('hears text messages only', async () => {
    const { trace, step } = tracer()
    const bot = newBot().hears(/.*/s, step('heard'))
    for (const incoming of [image(), card(), enter(), event('text')]) await run(bot, incoming)
    expect(trace).toEqual([])
  })

  it('shows later middleware the match that it had before', async () => {
    const seen: string[][] = []
    const see: Middleware = (ctx, next) => {
      seen.push([...ctx.match])
      return next()
    }
    const bot = newBot()
      .use(async (ctx, next) => {
        await next()
        seen.push([...ctx.match])
      })
      .use(see)
      .hears(/(h)i/, see, async (ctx, next) => {
        await next()
        seen.push([...ctx.match])
      })
      .use(see)
      .hears(/h(i)/, see)
      .use(see)
    await run(bot, text('hi'))
    expect(seen).toEqual([[], ['hi', 'h'], [], ['hi', 'i'], [], ['hi', 'h'], []])
  })

  it('restores the match also on the way of an error', async () => {
    const seen: string[][] = []
    const bot = newBot()
      .use(async (ctx, next) => {
        await next().catch(() => seen.push([...ctx.match]))
      })
      .hears(/(h)i/, async (ctx, next) => {
        await next().catch((error: unknown) => {
          seen.push([...ctx.match])
          throw error
        })
      })
      .hears(/h(i)/, () => {
        throw new Error('inside')
      })
    await run(bot, text('hi'))
    expect(seen).toEqual([['hi', 'h'], []])
  })
})

function other(type: string): Extract<IncomingInput, { msgType: 'other' }> {
  const { toUserName, fromUserName, createTime } = text('')
  return { msgType: 'other', type, toUserName, fromUserName, createTime, msgId: '' }
}

function card(): IncomingInput {
  const { toUserName, fromUserName, createTime, msgId } = text('')
  return {
    msgType: 'miniprogrampage',
    toUserName,
    fromUserName,
    createTime,
    msgId,
    title: '云朵马克杯',
    appId: 'wx0123456789abcdef',
    pagePath: 'pages/goods/detail?id=1',
    thumbUrl: '',
    thumbMediaId: '',
  }
}
