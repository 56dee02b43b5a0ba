import type { Schedule } from '../../../../src/rules/business-hours.js'
import type { Rule } from '../../../../src/rules/rule-set.js'
import type { Language } from '../../../both/i18n.js'

export interface StarterReply {
  readonly title: string
  readonly content: string
  readonly shortcut: string
}

/** What a shop can begin with by one click, to be changed as it likes. */
export interface StarterContent {
  readonly rules: readonly Rule[]
  readonly replies: readonly StarterReply[]
  readonly hours: Schedule
}

const zone = 'Asia/Shanghai'
const day = '09:00-18:00'
const week = Array.from({ length: 7 }, () => [day])

const zh: StarterContent = {
  rules: [
    {
      name: '欢迎语',
      when: { event: 'user_enter_tempsession' },
      then: [{ reply: { text: '您好，欢迎光临！请问有什么可以帮您？需要人工客服请回复「人工」。' } }],
    },
    {
      name: '转人工',
      when: { text: { contains: ['人工', '真人', '转客服', '找客服'] } },
      then: [{ reply: { text: '好的，正在为您转接人工客服，请稍等。' } }, { handoff: 'by_rule' }],
    },
    {
      name: '非营业时间',
      when: { hours: { outside: day, zone } },
      then: [
        { reply: { text: '您好，人工客服的服务时间是 9:00 至 18:00。请先留言，上班后第一时间回复您。' } },
        { handoff: 'by_rule' },
      ],
    },
  ],
  replies: [
    {
      title: '问候',
      shortcut: '你好',
      content: '您好，我是{{agent.name}}，很高兴为您服务，请问有什么可以帮您？',
    },
    { title: '稍等', shortcut: '稍等', content: '好的，我帮您查一下，请稍等。' },
    { title: '要订单号', shortcut: '单号', content: '麻烦您发一下订单号，我马上为您查询。' },
    { title: '催发货', shortcut: '催单', content: '已经帮您催促仓库尽快发出，发货后您会收到物流通知。' },
    {
      title: '退换货',
      shortcut: '退货',
      content: '请在「我的订单」里申请售后，选择退货或换货，我们会尽快为您审核。',
    },
    { title: '道歉', shortcut: '抱歉', content: '非常抱歉给您带来不好的体验，我们马上为您处理。' },
    { title: '还有问题吗', shortcut: '还有', content: '请问还有其他可以帮您的吗？' },
    { title: '结束语', shortcut: '再见', content: '感谢您的咨询，祝您生活愉快！' },
  ],
  hours: { name: '营业时间', zone, week },
}

const en: StarterContent = {
  rules: [
    {
      name: 'Welcome',
      when: { event: 'user_enter_tempsession' },
      then: [{ reply: { text: 'Hello and welcome! How can we help? Write “agent” to talk to a person.' } }],
    },
    {
      name: 'To a person',
      when: { text: { contains: ['agent', 'human', 'real person', '人工'] } },
      then: [
        { reply: { text: 'Of course. A colleague will be with you in a moment.' } },
        { handoff: 'by_rule' },
      ],
    },
    {
      name: 'Out of hours',
      when: { hours: { outside: day, zone } },
      then: [
        {
          reply: {
            text: 'Hello! We are here from 9:00 to 18:00. Leave your message and we will answer then.',
          },
        },
        { handoff: 'by_rule' },
      ],
    },
  ],
  replies: [
    { title: 'Greeting', shortcut: 'hi', content: 'Hello, this is {{agent.name}}. How can I help you?' },
    { title: 'One moment', shortcut: 'wait', content: 'Let me look that up for you, one moment please.' },
    {
      title: 'Order number',
      shortcut: 'order',
      content: 'Could you send me the order number? I will check it at once.',
    },
    {
      title: 'Dispatch',
      shortcut: 'ship',
      content: 'I have asked the warehouse to hurry. You will be told when it is on its way.',
    },
    {
      title: 'Returns',
      shortcut: 'return',
      content: 'Please ask for a return or an exchange under “My orders”. We will look at it soon.',
    },
    {
      title: 'Sorry',
      shortcut: 'sorry',
      content: 'We are very sorry about that, and will put it right at once.',
    },
    { title: 'Anything else', shortcut: 'else', content: 'Is there anything else that I can do for you?' },
    { title: 'Goodbye', shortcut: 'bye', content: 'Thank you for writing to us. Have a nice day!' },
  ],
  hours: { name: 'Opening hours', zone, week },
}

export const starterContent: Readonly<Record<Language, StarterContent>> = { 'zh-CN': zh, en }
