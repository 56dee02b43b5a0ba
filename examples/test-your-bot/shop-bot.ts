import { Bot, type Sender } from 'kefu'

/** The bot under test: stands for yours. */
export function shopBot(api: Sender, stockOf: (goods: string) => Promise<number>): Bot {
  const bot = new Bot({ api })

  bot.on('event:user_enter_tempsession', (ctx) => ctx.reply('您好！发送“库存 马克杯”可查库存。'))
  bot.hears(/^库存\s*(\S+)$/, async (ctx) => {
    const [, goods = ''] = ctx.match
    const left = await stockOf(goods)
    await ctx.reply(left > 0 ? `${goods}还有 ${left} 件。` : `${goods}卖完了，明天补货。`)
  })
  bot.hears('人工', (ctx) => {
    ctx.transfer()
  })

  return bot
}
