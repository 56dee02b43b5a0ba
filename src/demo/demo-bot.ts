import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Api } from '../api/index.js'
import type { Context } from '../bot/index.js'
import { miniProgramLink } from '../wechat/index.js'
import type { Handlers } from '../server/bot-module.js'

const picture = (name: string): string => fileURLToPath(new URL(`../../assets/demo/${name}`, import.meta.url))

const menu = [
  '直接问吧：什么时候发货、能进洗碗机吗、可以刻字吗……没有答案的会转给人工。',
  '也可以发送下面任意一个词，看看客服消息能做什么：',
  '链接 · 图片 · 图文 · 卡片 · AI · 输入中 · 长文 · 订单 1024 · 转人工 · 官方客服',
].join('\n')

export interface DemoHandlersOptions {
  readonly api: Api
  /** The address that serves the pictures of link cards. */
  readonly site: () => string
  /** Whether what no handler takes is answered here, and not by the rules behind them. */
  readonly answersAll?: boolean
}

/** The handlers of `kefu demo`: one for each kind of reply. */
export function demoHandlers({ api, site, answersAll = false }: DemoHandlersOptions): Handlers {
  const media = mediaCache(api)
  return (bot) => {
    bot.on('event:user_enter_tempsession', async (ctx) => {
      await ctx.reply(
        `您好！我是 kefu 的演示机器人。您从「${ctx.event.sessionFrom || '客服消息列表'}」进入。`,
      )
      await ctx.reply(menu)
    })

    bot.hears(['链接', 'link'], (ctx) =>
      ctx.reply(
        `这是一个小程序链接：${miniProgramLink({ appId: ctx.appId, path: 'pages/order/list', text: '查看我的订单' })}`,
      ),
    )
    bot.hears(['图片', 'image'], async (ctx) => {
      await ctx.reply({ msgType: 'image', mediaId: await media(picture('photo.png')) })
    })
    bot.hears(['图文', 'card link'], (ctx) =>
      ctx.reply({
        msgType: 'link',
        title: '云朵马克杯的保养方法',
        description: '温水清洗，不要使用钢丝球；放入洗碗机前请取下杯盖。',
        url: `${site()}/demo/care`,
        thumbUrl: `${site()}/demo/cover.png`,
      }),
    )
    bot.hears(['卡片', 'card'], async (ctx) => {
      await ctx.reply({
        msgType: 'miniprogrampage',
        title: '云朵马克杯 · 今日 8 折',
        pagePath: 'pages/goods/detail?id=1024',
        thumbMediaId: await media(picture('cover.png')),
      })
    })
    bot.hears(/^ai$/i, (ctx) =>
      ctx.reply({
        msgType: 'text',
        content: '这条回复带有微信的 AI 标注，请看下面的灰色小字。',
        isAiMsg: true,
      }),
    )
    bot.hears(['输入中', 'typing'], async (ctx) => {
      await ctx.setTyping()
      await delay(2000)
      await ctx.reply('让您久等了！刚才标题栏显示的是「对方正在输入…」。')
    })
    bot.hears(['长文', 'long'], (ctx) =>
      ctx.reply('这段话超过了一条消息的长度，kefu 会在句子的末尾把它分成几条。'.repeat(24)),
    )
    bot.hears(/^订单\s*(\d+)$/, (ctx) =>
      ctx.reply(
        `订单 ${ctx.match[1]} 已发货，预计明天送达。\n${miniProgramLink({ appId: ctx.appId, path: `pages/order/detail?id=${ctx.match[1]}`, text: '查看物流' })}`,
      ),
    )
    bot.hears(['转人工', '人工', 'agent'], async (ctx) => {
      await ctx.reply('正在为您转接人工客服，请稍候。')
      ctx.handoff('客户要求人工服务')
    })
    bot.hears(['官方客服', 'official'], (ctx) => {
      ctx.transfer()
    })

    bot.on('message:image', (ctx) => ctx.reply('图片收到，真好看！'))
    bot.on('message:miniprogrampage', (ctx) =>
      ctx.reply(`您发来的卡片是「${ctx.message.title}」，页面是 ${ctx.message.pagePath}。`),
    )
    if (answersAll) bot.on('message', (ctx) => ctx.reply(`您说的是「${shortened(ctx)}」。\n${menu}`))
  }
}

function shortened(ctx: Context): string {
  const text = ctx.text ?? '一种我还不认识的消息'
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

/** A media id is good for three days; a demo does not run that long, but a token may change its mind. */
function mediaCache(api: Api): (path: string) => Promise<string> {
  const uploads = new Map<string, Promise<string>>()
  return (path) => {
    const upload =
      uploads.get(path) ??
      api.uploadTempMedia(path).then(
        ({ mediaId }) => mediaId,
        (error: unknown) => {
          uploads.delete(path)
          throw error
        },
      )
    uploads.set(path, upload)
    return upload
  }
}
