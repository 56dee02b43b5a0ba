/**
 * What customers write and what must come of it. A message is `WORD CUSTOMER.NUMBER`; its replies are
 * `答 CUSTOMER.NUMBER PLACE`, so that each reply says whose it is and where it belongs.
 */
export const replies = {
  单: 1,
  双: 2,
  三: 3,
  /** Answered by handlers in code, where there are any; else by a rule. */
  码: 2,
  /** Silent. */
  静: 0,
  /** Answered, and the conversation goes to people. */
  转: 1,
} as const

export type Word = keyof typeof replies

const reply = (place: number): object => ({ reply: { text: `答 {{match.1}} ${place}` } })

export const rules = {
  rules: Object.entries(replies).map(([word, count]) => ({
    name: word,
    when: { text: { matches: `^${word} (\\S+)$` } },
    then: [
      ...Array.from({ length: count }, (_, place) => reply(place)),
      ...(word === '转' ? [{ handoff: 'asked' }] : []),
    ],
  })),
}

/** What customers of an assistant ask: the title of an entry, and its answer. */
export const topics = [
  ['什么时候发货', '付款后两天内发货。'],
  ['怎么退货退款', '签收七天内可以退货。'],
  ['邮费运费多少', '满 99 元包邮。'],
  ['可以开发票吗', '在订单页申请发票。'],
  ['尺寸容量多大', '每只 350 毫升。'],
  ['坏了怎么保修', '一年内免费更换。'],
] as const

/** The name of the assistant that has them. */
export const ASSISTANT = '店员'

/** Gives every question to the assistant. */
export const assistantRules = {
  rules: [{ name: '问', when: { text: { matches: '^问 ' } }, then: [{ assistant: ASSISTANT }] }],
}

/** Handlers that take a moment, as those that ask another system do; `慢` takes longer than WeChat waits. */
export const botModule = `
const wait = (ms) => new Promise((done) => setTimeout(done, ms))
export default (bot) => {
  bot.hears(/^码 (\\S+)$/, async (ctx) => {
    await wait(Math.random() * 40)
    await ctx.reply('答 ' + ctx.match[1] + ' 0')
    await wait(Math.random() * 40)
    await ctx.reply('答 ' + ctx.match[1] + ' 1')
  })
  bot.hears(/^慢 (\\S+)$/, async (ctx) => {
    await wait(5000)
    await ctx.reply('答 ' + ctx.match[1] + ' 0')
  })
}
`

/** Where a text belongs: the customer, the number of their message, and the place among its replies. */
export function parseReply(text: string): { customer: string; number: number; place: number } | undefined {
  const [, customer, number, place] = /^答 ([^.\s]+)\.(\d+) (\d)$/.exec(text) ?? []
  if (customer === undefined) return undefined
  return { customer, number: Number(number), place: Number(place) }
}
