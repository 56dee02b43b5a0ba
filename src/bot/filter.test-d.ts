/* What must compile and what must not: checked by `npm run types`, never run. */
import { expectTypeOf } from 'vitest'
import type {
  EnterEvent,
  ImageMessage,
  IncomingEvent,
  IncomingMessage,
  MiniProgramPageMessage,
  OtherEvent,
  OtherMessage,
  TextMessage,
} from '../wechat/index.js'
import {
  Bot,
  Composer,
  type Context,
  type Filtered,
  type FilterQuery,
  type Match,
  type Sender,
} from './index.js'

declare const sender: Sender
declare const anyString: string
declare function look(value: unknown): void
const bot = new Bot({ api: sender })
new Bot({ api: (appId) => (expectTypeOf(appId).toBeString(), sender) })

// Without a query nothing is known.
bot.use((ctx, next) => {
  expectTypeOf(ctx).toEqualTypeOf<Context>()
  expectTypeOf(ctx.message).toEqualTypeOf<IncomingMessage | undefined>()
  expectTypeOf(ctx.event).toEqualTypeOf<IncomingEvent | undefined>()
  expectTypeOf(ctx.text).toEqualTypeOf<string | undefined>()
  // @ts-expect-error: it may be an event
  look(ctx.message.msgType)
  // @ts-expect-error: it may be a message
  look(ctx.event.event)
  return next()
})

// Each query narrows to exactly what it lets through.
bot.on('message', (ctx) => {
  expectTypeOf(ctx.message).toEqualTypeOf<IncomingMessage>()
  expectTypeOf(ctx.event).toEqualTypeOf<undefined>()
  expectTypeOf(ctx.text).toEqualTypeOf<string | undefined>()
  // @ts-expect-error: it may be a picture
  look(ctx.message.content)
  if (ctx.message.msgType === 'image') expectTypeOf(ctx.message).toEqualTypeOf<ImageMessage>()
  if (ctx.message.msgType === 'other') expectTypeOf(ctx.message).toEqualTypeOf<OtherMessage>()
})
bot.on('message:text', (ctx) => {
  expectTypeOf(ctx.message).toEqualTypeOf<TextMessage>()
  expectTypeOf(ctx.event).toEqualTypeOf<undefined>()
  expectTypeOf(ctx.text).toEqualTypeOf<string>()
  expectTypeOf(ctx.message.content).toBeString()
  expectTypeOf(ctx.message.msgId).toBeString()
  // @ts-expect-error: WeChat's name with its first letter lowered
  look(ctx.message.Content)
  // @ts-expect-error: only a picture has one
  look(ctx.message.picUrl)
})
bot.on('message:image', (ctx) => {
  expectTypeOf(ctx.message).toEqualTypeOf<ImageMessage>()
  expectTypeOf(ctx.text).toEqualTypeOf<undefined>()
  // @ts-expect-error: only a text has one
  look(ctx.message.content)
})
bot.on('message:miniprogrampage', (ctx) => {
  expectTypeOf(ctx.message).toEqualTypeOf<MiniProgramPageMessage>()
  expectTypeOf(ctx.message.pagePath).toBeString()
})
bot.on('event', (ctx) => {
  expectTypeOf(ctx.message).toEqualTypeOf<undefined>()
  expectTypeOf(ctx.event).toEqualTypeOf<IncomingEvent>()
  expectTypeOf(ctx.text).toEqualTypeOf<undefined>()
  // @ts-expect-error: only user_enter_tempsession has one
  look(ctx.event.sessionFrom)
})
bot.on('event:user_enter_tempsession', (ctx) => {
  expectTypeOf(ctx.event).toEqualTypeOf<EnterEvent>()
  expectTypeOf(ctx.message).toEqualTypeOf<undefined>()
  expectTypeOf(ctx.event.sessionFrom).toBeString()
  // @ts-expect-error: an event has no id
  look(ctx.event.msgId)
})
bot.on('event:wxa_media_check', (ctx) => {
  expectTypeOf(ctx.event.type).toEqualTypeOf<'wxa_media_check'>()
  expectTypeOf(ctx.event).toExtend<OtherEvent>()
  expectTypeOf(ctx.event.fields['trace_id']).toBeUnknown()
  // @ts-expect-error: only user_enter_tempsession has one
  look(ctx.event.sessionFrom)
})
bot.on('event:trade_manage_remind_access_api', (ctx) => {
  expectTypeOf(ctx.event.type).toEqualTypeOf<'trade_manage_remind_access_api'>()
})

// Several queries narrow to the union, which a look at one field narrows on.
bot.on(['message:image', 'event:user_enter_tempsession'], (ctx) => {
  expectTypeOf(ctx.message).toEqualTypeOf<ImageMessage | undefined>()
  expectTypeOf(ctx.event).toEqualTypeOf<EnterEvent | undefined>()
  if (ctx.event) {
    expectTypeOf(ctx.event).toEqualTypeOf<EnterEvent>()
    expectTypeOf(ctx.message).toEqualTypeOf<undefined>()
  } else {
    expectTypeOf(ctx.message).toEqualTypeOf<ImageMessage>()
  }
})

// All handlers of one call are narrowed, and what narrows may be kept apart.
bot.on(
  'message:text',
  (ctx, next) => {
    expectTypeOf(ctx.text).toBeString()
    return next()
  },
  (ctx) => ctx.reply(ctx.text),
)
const onText = (ctx: Context & Filtered<'message:text'>): Promise<void> => ctx.reply(ctx.message.content)
const onAny = (ctx: Context): Promise<void> => ctx.reply(ctx.openId)
bot.on('message:text', onText, onAny)
bot.hears('hi', onText, onAny)
bot.use(onAny)
// @ts-expect-error: it wants a text, and not every push is one
bot.use(onText)
// @ts-expect-error: it wants a text, and this is a picture
bot.on('message:image', onText)

// A wrong query does not compile.
// @ts-expect-error: no such message
bot.on('message:voice', onAny)
// @ts-expect-error: a slip of the pen
bot.on('message:txt', onAny)
// @ts-expect-error: a slip of the pen
bot.on('event:user_enter_tempsesion', onAny)
// @ts-expect-error: `other` is our word, not WeChat's
bot.on('event:other', onAny)
// @ts-expect-error: nothing behind the colon
bot.on('message:', onAny)
// @ts-expect-error: not WeChat's spelling
bot.on('Message', onAny)
// @ts-expect-error: one of them is wrong
bot.on(['message:text', 'message:txt'], onAny)
// @ts-expect-error: any string is no query
bot.on(anyString, onAny)
expectTypeOf<'event:xpay_goods_deliver_notify'>().toExtend<FilterQuery>()
expectTypeOf<'event:xpay_goods_deliver'>().not.toExtend<FilterQuery>()

// hears
bot.hears(/^订单\s*(\d+)$/, (ctx) => {
  expectTypeOf(ctx.message).toEqualTypeOf<TextMessage>()
  expectTypeOf(ctx.text).toBeString()
  expectTypeOf(ctx.match).toEqualTypeOf<Match>()
  expectTypeOf(ctx.match.groups).toEqualTypeOf<Readonly<Record<string, string>> | undefined>()
  // @ts-expect-error: what was found is for reading
  ctx.match[1] = ''
  // @ts-expect-error: what was found is for reading
  ctx.match = []
})
bot.hears(['人工', /转(人工)/], (ctx) => {
  ctx.transfer()
})
// @ts-expect-error: a number is nothing to hear
bot.hears(1, onAny)
// @ts-expect-error: neither among others
bot.hears(['人工', 1], onAny)

// when: a type guard narrows, another condition does not.
interface Signed {
  readonly state: { readonly member: { readonly name: string } }
}
const isMember = (ctx: Context): ctx is Context & Signed => typeof ctx.state['member'] === 'object'
bot.when(isMember, (ctx) => {
  expectTypeOf(ctx.state.member.name).toBeString()
})
bot.when(
  (ctx) => ctx.openId !== '',
  (ctx) => {
    expectTypeOf(ctx).toEqualTypeOf<Context>()
    // @ts-expect-error: nothing says that there is one
    look(ctx.state.member.name)
  },
)
bot.when(async (ctx) => ctx.openId !== '', onAny)
// @ts-expect-error: text or undefined is not yes or no
bot.when((ctx) => ctx.text, onAny)

// A Composer keeps what its contexts are known to be, also in conditions inside it.
const texts = new Composer<Context & Filtered<'message:text'>>()
texts.use((ctx) => ctx.reply(ctx.text))
texts.when(
  (ctx) => ctx.text.length > 3,
  (ctx) => ctx.reply(ctx.message.content),
)
bot.on('message:text', texts.middleware())
bot.use(new Composer().on('event', onAny))
// @ts-expect-error: it wants texts only
bot.use(texts)
// @ts-expect-error: it wants texts only
bot.on('message:image', texts.middleware())

// What a handler can do.
bot.use((ctx) => {
  void ctx.reply({ msgType: 'link', title: '', description: '', url: '', thumbUrl: '' })
  // @ts-expect-error: a Mini Program can't send it
  void ctx.reply({ msgType: 'voice', mediaId: '' })
  // @ts-expect-error: a picture is sent by its media id
  void ctx.reply({ msgType: 'image', picUrl: '' })
  // @ts-expect-error: a number is no message
  void ctx.reply(1)
  // @ts-expect-error: only the desk's middleware brings it
  look(ctx.handoff)
  // @ts-expect-error: what came is for reading
  ctx.push.payload.createTime = 0
  // @ts-expect-error: what middleware leaves is unknown to others
  look(ctx.state['user'].name)
})
bot.catch((error, ctx) => {
  expectTypeOf(error).toBeUnknown()
  expectTypeOf(ctx).toEqualTypeOf<Context>()
})

// Each registration can be written with the one before it, and a bot stays a bot.
expectTypeOf(
  bot.use(onAny).on('message', onAny).hears('hi', onAny).when(isMember, onAny),
).toEqualTypeOf<Bot>()
expectTypeOf(bot.catch(() => 1)).toEqualTypeOf<Bot>()
