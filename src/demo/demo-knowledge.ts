import { assistantSettings } from '../assistant/assistant-settings.js'
import { Assistants } from '../assistant/assistants.js'
import type { AllowanceRules } from '../conversation/index.js'
import { Exams } from '../knowledge/exams/exams.js'
import { Knowledge } from '../knowledge/knowledge.js'
import { entryInput } from '../knowledge/schemas/knowledge-entry.js'
import type { Logger } from '../log.js'
import { RuleBook } from '../rules/rule-book.js'
import type { Store } from '../store/index.js'

/** The assistant that answers what no handler takes. */
export const DEMO_ASSISTANT = '小助手'

type Pair = readonly [title: string, text: string, wordings: readonly string[], asked: readonly string[]]

/** What the shop knows, and how customers ask for it in the exam. */
const pairs: readonly Pair[] = [
  [
    '什么时候发货',
    '每天 16:00 前付款的订单当天发出，之后的第二天发出。',
    ['多久能发货', '今天下单几号发', '怎么还没发货'],
    ['我昨天下的单什么时候发货', '下单多久发出'],
  ],
  [
    '发什么快递',
    '默认发中通快递，需要顺丰请联系客服补差价。',
    ['用哪家快递', '能发顺丰吗', '是什么物流'],
    ['你们发的哪家快递', '可以发顺丰吗'],
  ],
  [
    '运费怎么算',
    '满 99 元包邮，不满收 8 元运费。',
    ['包邮吗', '满多少包邮', '邮费多少钱'],
    ['满多少钱包邮', '邮费怎么收'],
  ],
  [
    '新疆西藏能发吗',
    '新疆、西藏可以发货，运费 20 元，满 199 元包邮。',
    ['乌鲁木齐能寄吗', '偏远地区发货吗', '拉萨能收到吗'],
    ['寄到新疆可以吗'],
  ],
  [
    '杯子能放进洗碗机吗',
    '陶瓷杯可以放洗碗机，请放上层；木质杯盖请手洗。',
    ['可以机洗吗', '能用洗碗机洗吗', '洗碗机会不会洗坏'],
    ['能放洗碗机洗吗', '这个杯子可以机洗吗'],
  ],
  [
    '能用微波炉加热吗',
    '白瓷款可以用微波炉加热，带金边的款式请不要放进微波炉。',
    ['微波炉能转吗', '可以放微波炉里热牛奶吗', '进微波炉安全吗'],
    ['可以用微波炉加热牛奶吗'],
  ],
  [
    '杯子容量多大',
    '标准款 350 毫升，大杯 480 毫升。',
    ['能装多少毫升', '是多少 ml 的', '大杯多大'],
    ['这个杯子多少毫升', '大杯能装多少'],
  ],
  [
    '是什么材质的',
    '主体是高温白瓷，杯盖是榉木，符合 GB 4806.4。',
    ['陶瓷的还是骨瓷', '用的什么料', '材料安全吗'],
    ['杯子是什么材质', '材料安不安全'],
  ],
  [
    '有哪些颜色',
    '有白、雾蓝、抹茶绿和陶红四种颜色。',
    ['有没有黑色的', '颜色可以选吗', '都有什么颜色'],
    ['有什么颜色可以选'],
  ],
  [
    '送礼有礼盒吗',
    '礼盒 15 元，带手提袋和贺卡。',
    ['可以包装成礼物吗', '礼盒怎么卖', '带手提袋吗'],
    ['送人有礼盒包装吗'],
  ],
  [
    '可以刻字吗',
    '可以免费刻 8 个字以内，下单时在备注里写清楚，刻字后不退换。',
    ['能不能定制名字', '杯子上可以印字吗', '支持个性定制吗'],
    ['能刻名字吗', '可以定制刻字吗'],
  ],
  [
    '怎么退货',
    '签收 7 天内没有使用可以退货：在「我的订单」里点「申请退货」。',
    ['不想要了可以退吗', '七天无理由怎么操作', '我要退掉'],
    ['不想要了怎么退货', '退货流程是什么'],
  ],
  [
    '退货运费谁出',
    '质量问题我们承担退货运费；不想要了由您承担。',
    ['退回去的邮费谁承担', '有运费险吗', '退货要自己付运费吗'],
    ['退货的运费谁承担'],
  ],
  [
    '退款多久到账',
    '退款在收到退货后 1 天内处理，微信零钱当天到，银行卡 1 到 3 天。',
    ['钱什么时候退给我', '退款几天能到', '退款怎么还没到'],
    ['退款要几天到账'],
  ],
  [
    '收到杯子碎了怎么办',
    '请在签收 24 小时内拍照发给我们，我们补发一个新的。',
    ['到货破损怎么处理', '快递摔坏了', '打开发现裂了'],
    ['收到的杯子碎了', '到货就是破损的怎么处理'],
  ],
  [
    '怎么开发票',
    '订单完成后在「我的订单」里点「申请发票」，电子普通发票当天发到邮箱。',
    ['能开票吗', '可以开电子发票吗', '要报销需要发票'],
    ['在哪里开发票', '可以开电子发票报销吗'],
  ],
  [
    '可以开增值税专用发票吗',
    '只能开电子普通发票，不能开专用发票。',
    ['开专票', '公司要专用发票', '能不能开增值税发票'],
    ['能开增值税专用发票吗'],
  ],
  [
    '团购有优惠吗',
    '20 个以上九折，100 个以上八五折，请联系客服报价。',
    ['公司批量采购怎么算', '买一百个能便宜吗', '大量订购找谁'],
    ['公司采购一百个有优惠吗'],
  ],
  [
    '怎么修改收货地址',
    '发货前在「我的订单」里点「修改地址」，发货后请联系快递改派。',
    ['地址填错了怎么改', '能换个地址吗', '改一下收货人电话'],
    ['收货地址填错了怎么修改'],
  ],
  [
    '保修多久',
    '非人为损坏一年内免费换新。',
    ['质保几年', '有没有售后保障', '坏了保修吗'],
    ['质保多久', '保修几年'],
  ],
]

/** What the shop has no answer to: people get it. */
const unknown = [
  '你们老板是谁',
  '今天天气怎么样',
  '帮我写一首诗',
  '你们还招人吗',
  '花呗可以分期吗',
  '保温多久',
  '有没有狗狗用的碗',
  '可以加盟吗',
]

export interface DemoKnowledgeOptions {
  readonly store: Store
  readonly allowance: AllowanceRules
  readonly logger: Logger
  readonly now: () => number
}

/** Fills in what the shop knows, the exam, and an assistant that a rule leaves the rest to. */
export async function fillKnowledge({ store, allowance, logger, now }: DemoKnowledgeOptions): Promise<void> {
  const admin = { apps: 'all', name: '林小满' } as const
  const pause = async (): Promise<void> => undefined
  const knowledge = new Knowledge({ store, logger, now, pause })
  await knowledge.entries.addAll(
    pairs.map(([title, text, wordings]) => entryInput.parse({ title, text, wordings })),
    admin,
  )
  const entries = await knowledge.entries.list(admin, { limit: Infinity })
  const idOf = new Map(entries.map(({ title, id }) => [title, id]))
  const none = { appId: null, conversationId: null }
  await new Exams({ store, knowledge, now, pause }).add([
    ...pairs.flatMap(([title, , , asked]) =>
      asked.map((says) => ({ ...none, says, entryId: idOf.get(title) ?? null })),
    ),
    ...unknown.map((says) => ({ ...none, says, entryId: null })),
  ])
  const assistants = new Assistants({ store, logger, now })
  await assistants.saveDraft(
    DEMO_ASSISTANT,
    assistantSettings.parse({ guidance: '云朵商城只卖云朵马克杯和它的配件。', matchAt: 0.6 }),
  )
  await assistants.publish(DEMO_ASSISTANT, admin.name)
  await new RuleBook({ store, allowed: allowance, logger }).replace({
    rules: [{ name: '其他问题', when: {}, then: [{ assistant: DEMO_ASSISTANT }] }],
  })
}
