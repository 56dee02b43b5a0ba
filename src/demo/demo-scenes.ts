/** Who works at the demo's desk: the first is whoever looks at it. */
export const demoAgents = [
  { name: '林小满', role: 'admin' },
  { name: '周一鸣', role: 'agent' },
] as const
export type DemoAgent = (typeof demoAgents)[number]['name']

/** Something that happened in a conversation; `at` is minutes before the demo starts. */
export type Line = { readonly at: number } & (
  | { readonly enters: string }
  | { readonly says: string }
  | { readonly shows: { readonly title: string; readonly pagePath: string } }
  | { readonly takes: DemoAgent }
  | { readonly replies: string; readonly by: DemoAgent }
  | { readonly notes: string; readonly by: DemoAgent }
  | { readonly closes: DemoAgent }
  | { readonly releases: DemoAgent }
  /** WeChat's answer to the reply before: it is accepted where nothing is said. */
  | { readonly outcome: { readonly errcode: number; readonly errmsg: string } | 'unknown' }
)

export interface Scene {
  readonly openId: string
  readonly name?: string
  readonly remark?: string
  readonly tags?: readonly string[]
  readonly lines: readonly Line[]
}

const DAY = 24 * 60

/** A few days at a small shop, so that the desk opens on something to look at. */
export const demoScenes: readonly Scene[] = [
  {
    openId: 'oDemo_7f3KpQw1xVh2Zr8TnYb4',
    name: '陈晓雨',
    tags: ['老客户', '售后'],
    remark: '陈晓雨 · 杯盖漏水',
    lines: [
      { at: 2 * DAY + 190, enters: 'from=order&orderId=20418' },
      { at: 2 * DAY + 189, says: '订单 20418' },
      { at: 2 * DAY + 187, says: '好的谢谢' },
      { at: 95, enters: 'from=order&orderId=20418' },
      { at: 94, says: '收到了，但是杯盖有点漏水' },
      { at: 93, says: '转人工' },
      { at: 91, takes: '林小满' },
      {
        at: 90,
        replies: '您好，我是客服小满。麻烦您拍一下杯盖内侧的密封圈，我看看是不是装反了。',
        by: '林小满',
      },
      { at: 84, says: '密封圈好像少了一个角' },
      { at: 82, notes: '同批次第 3 例，已在群里告诉仓库。', by: '林小满' },
      { at: 80, replies: '确实是密封圈的问题，我给您补寄一个新杯盖，不用退回旧的。', by: '林小满' },
      { at: 12, says: '太好了！大概几天能到？' },
    ],
  },
  {
    openId: 'oDemo_Xc92mLd0PqRs5UtVwA1e',
    name: '老王五金',
    tags: ['企业采购'],
    lines: [
      { at: 52, enters: 'from=goods&id=1024' },
      { at: 51, says: '你们这个杯子 200 个起能开专票吗' },
      { at: 49, says: '人工' },
      { at: 44, takes: '周一鸣' },
      { at: 43, replies: '可以开专票的，200 个起 85 折，含刻字。您把公司抬头发我。', by: '周一鸣' },
      { at: 31, says: '好，我问下财务，一会发你' },
    ],
  },
  {
    openId: 'oDemo_2hJ6nGf8KsB3vCxZq7Mt',
    name: '小鹿',
    lines: [
      { at: 21, enters: 'from=goods&id=2048' },
      { at: 20, says: '云朵马克杯能放微波炉吗' },
      { at: 9, says: '转人工' },
      { at: 7, says: '在吗' },
    ],
  },
  {
    openId: 'oDemo_Lp4WzE6rTyU8iOa1Sd3F',
    lines: [
      { at: 6, shows: { title: '云朵马克杯 · 今日 8 折', pagePath: 'pages/goods/detail?id=1024' } },
      { at: 5, says: '这个今天还能用券吗' },
      { at: 4, says: '人工' },
    ],
  },
  {
    openId: 'oDemo_Qa5sWd7fEr9gTh1yUj3k',
    name: 'Momo',
    tags: ['老客户'],
    lines: [
      { at: DAY + 400, enters: 'from=activity&name=618' },
      { at: DAY + 399, says: '订单 19877' },
      { at: DAY + 397, says: '链接' },
    ],
  },
  {
    openId: 'oDemo_Zx8cVb2nMk4lPo6iUy0t',
    name: '徐先生',
    tags: ['退款'],
    lines: [
      { at: 2 * DAY - 40, enters: 'from=order&orderId=19310' },
      { at: 2 * DAY - 42, says: '我要退款，颜色发错了' },
      { at: 2 * DAY - 43, says: '转人工' },
      { at: 2 * DAY - 49, takes: '林小满' },
      { at: 2 * DAY - 50, replies: '非常抱歉！已为您登记退款，款项 1 到 3 个工作日原路退回。', by: '林小满' },
      { at: 2 * DAY - 62, says: '好的，收到款我再下一单正确的颜色' },
      { at: 2 * DAY - 64, replies: '好的，期待您再次光临～', by: '林小满' },
    ],
  },
  {
    openId: 'oDemo_Rt6yHg4fDs2aQw0eZx8c',
    name: '阿May',
    tags: ['售后'],
    lines: [
      { at: 3 * DAY + 300, says: '杯子是什么材质的' },
      { at: 3 * DAY + 298, says: '人工' },
      { at: 3 * DAY + 290, takes: '周一鸣' },
      { at: 3 * DAY + 289, replies: '304 不锈钢内胆，食品级硅胶密封圈，可以放心使用。', by: '周一鸣' },
      { at: 3 * DAY + 280, says: '明白啦' },
      { at: 3 * DAY + 279, closes: '周一鸣' },
    ],
  },
  {
    openId: 'oDemo_Kj7hGf5dSa3zXc1vBn9m',
    name: '工号 88 · 团购群',
    tags: ['企业采购'],
    lines: [
      { at: 170, enters: 'from=share' },
      { at: 169, says: '团购 50 件，什么时候发货' },
      { at: 168, says: '转人工' },
      { at: 160, takes: '林小满' },
      { at: 159, replies: '今天 16 点前付款，当天全部发出。', by: '林小满' },
      { at: 158, outcome: 'unknown' },
      { at: 150, says: '那我先付了' },
      { at: 149, replies: '收到，马上为您安排发货。', by: '林小满' },
    ],
  },
  {
    openId: 'oDemo_Uy3tRe5wQa7sDf9gHj1k',
    name: '唐糖',
    lines: [
      { at: 3 * DAY - 10, says: '包邮吗' },
      { at: 3 * DAY - 12, says: '人工' },
      { at: 3 * DAY - 20, takes: '林小满' },
      { at: 3 * DAY - 21, replies: '满 99 元包邮，您这单已经满足啦。', by: '林小满' },
      { at: 3 * DAY - 400, replies: '您的包裹今天到站了，记得取件～', by: '林小满' },
      { at: 3 * DAY - 401, outcome: { errcode: 45015, errmsg: 'response out of time limit' } },
    ],
  },
  {
    openId: 'oDemo_Ba1nMk3lPo5iUy7tRe9w',
    name: 'Jason L.',
    lines: [
      { at: DAY + 55, enters: 'from=share' },
      { at: DAY + 54, says: 'Do you ship to Hong Kong?' },
      { at: DAY + 53, says: 'agent' },
      { at: DAY + 47, takes: '周一鸣' },
      { at: DAY + 46, replies: 'Yes, SF Express, 3 days, HK$35.', by: '周一鸣' },
      { at: DAY + 40, says: 'Great, thanks!' },
      { at: DAY + 38, closes: '周一鸣' },
    ],
  },
]

/** Frequent answers of the demo's agents. */
export const demoCannedReplies = [
  {
    title: '问候',
    shortcut: 'hi',
    content: '您好，我是客服{{agent.name}}，请问有什么可以帮您？',
  },
  {
    title: '补寄配件',
    shortcut: 'bj',
    content: '非常抱歉给您带来不便，我们马上为您补寄配件，旧的不用退回。',
  },
  { title: '发货时间', shortcut: 'fh', content: '每天 16 点前的订单当天发出，偏远地区顺延一天。' },
  { title: '退款到账', shortcut: 'tk', content: '退款已登记，1 到 3 个工作日原路退回，请您留意账户。' },
] as const
