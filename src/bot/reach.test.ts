import { describe, expect, it } from 'vitest'
import { enter, image, pushOf, text } from '../../test/support/pushes.js'
import { RecordingSender } from '../../test/support/recording-sender.js'
import { silentLogger } from '../log.js'
import type { IncomingInput } from '../wechat/index.js'
import { Bot, Composer, type Middleware } from './index.js'

interface Shop {
  readonly vip: boolean
}

function newBot(): Bot<Shop> {
  return new Bot<Shop>({ api: new RecordingSender(), logger: silentLogger })
}
const handler: Middleware = () => undefined

/** What the payload tells, and what the whole context tells. */
function told(bot: Bot<Shop>, incoming: IncomingInput, shop: Shop = { vip: false }): [boolean, boolean] {
  const push = pushOf(incoming)
  return [bot.reach().ofPayload(push.payload), bot.mayHandle(push, bot.reach(), shop)]
}

describe('what handlers reach', () => {
  it('is everything with a bare use, and nothing without handlers', () => {
    expect(told(newBot().use(handler), enter())).toEqual([true, true])
    expect(told(newBot(), text('hi'))).toEqual([false, false])
    expect(told(newBot().on('message'), text('hi'))).toEqual([false, false])
  })

  it('is what their query, text or expression names', () => {
    const bot = newBot()
      .on('message:image', handler)
      .hears(['退货', /^查(\d+)/g], handler)
    expect(told(bot, image())).toEqual([true, true])
    expect(told(bot, text(' 退货 '))).toEqual([true, true])
    // A global expression begins anew each time.
    for (let i = 0; i < 3; i++) expect(told(bot, text('查12'))).toEqual([true, true])
    expect(told(bot, text('你好'))).toEqual([false, false])
    expect(told(bot, enter())).toEqual([false, false])
  })

  it('is what a condition lets through, which only the context tells', () => {
    const bot = newBot().when((ctx) => ctx.vip, handler)
    expect(told(bot, text('hi'), { vip: true })).toEqual([true, true])
    expect(told(bot, text('hi'), { vip: false })).toEqual([true, false])
  })

  it('may be anything where a condition waits or throws', () => {
    const thrown = new Error('asked of a context')
    const waits = newBot().when(async () => {
      throw thrown
    }, handler)
    const throws = newBot().when(() => {
      throw thrown
    }, handler)
    expect(told(waits, text('hi'))).toEqual([true, true])
    expect(told(throws, text('hi'))).toEqual([true, true])
  })

  it('goes into composers, also for what is registered later', () => {
    const inner = new Composer<Bot<Shop> extends Composer<infer C> ? C : never>()
    const bot = newBot().use(inner)
    const nested = newBot().on('message:text', inner.middleware())
    expect(told(bot, text('hi'))).toEqual([false, false])
    inner.hears('hi', handler)
    expect(told(bot, text('hi'))).toEqual([true, true])
    expect(told(bot, text('ho'))).toEqual([false, false])
    expect(told(nested, text('hi'))).toEqual([true, true])
    expect(told(nested, text('ho'))).toEqual([false, false])
  })

  it('can be asked of a part of a bot', () => {
    const bot = newBot().hears('a', handler)
    const place = bot.size
    bot.use(handler)
    const end = bot.size
    bot.hears('b', handler)
    const push = pushOf(text('b'))
    expect(bot.mayHandle(push, bot.reach(0, place), { vip: false })).toBe(false)
    expect(bot.mayHandle(push, bot.reach(place, end), { vip: false })).toBe(true)
    expect(bot.mayHandle(push, bot.reach(end), { vip: false })).toBe(true)
    expect(bot.mayHandle(pushOf(text('a')), bot.reach(end), { vip: false })).toBe(false)
  })
})

describe('what only looks on', () => {
  it('gets each push beside the handlers, and reaches none of them', async () => {
    const seen: (string | undefined)[] = []
    const bot = newBot()
      .use((ctx) => seen.push(ctx.text), { observes: true })
      .hears('a', handler)
    expect(told(bot, text('b'))).toEqual([false, false])
    await bot.handle(pushOf(text('a')), { extension: { vip: true } })
    await bot.handle(pushOf(text('b')), { extension: { vip: true } })
    expect(seen).toEqual(['a', 'b'])
    await bot.handle(pushOf(text('c')), { observed: false })
    expect(seen).toEqual(['a', 'b'])
  })

  it('holds no answer up, and is found in a composer', async () => {
    const never = new Promise(() => undefined)
    const composer = new Composer().use(() => never, { observes: true })
    const bot = new Bot({ api: new RecordingSender(), logger: silentLogger })
      .use(composer)
      .hears('hi', (ctx) => {
        ctx.transfer()
      })
    expect(bot.hasObservers).toBe(true)
    expect(await bot.handle(pushOf(text('hi')))).toMatchObject({ answer: 'transfer' })
  })

  it('can’t answer: the error goes where errors go', async () => {
    const errors: unknown[] = []
    const sender = new RecordingSender()
    const bot = new Bot({ api: sender, logger: silentLogger })
      .use((ctx) => ctx.reply('hi'), { observes: true })
      .use(
        (ctx) => {
          ctx.transfer()
        },
        { observes: true },
      )
      .catch((error) => errors.push(error))
    await bot.observe(pushOf(text('hi')))
    expect(errors).toEqual([expect.objectContaining({ code: 'misuse' })])
    expect(String(errors[0])).toContain('observes')
    expect(sender.sent).toEqual([])
    expect(await bot.handle(pushOf(text('hi')))).toMatchObject({ answer: 'success', error: undefined })
  })
})
