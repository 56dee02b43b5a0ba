/** What each push comes to: nothing, or a reply. */
export const silent = [{ name: 'silent', when: {}, then: [] }]

export const reply = '您的订单正在处理,预计明天发出,请您耐心等待。'

export const answering = [
  { name: 'greeting', when: { text: { equals: ['你好', '您好'] } }, then: [{ reply: { text: reply } }] },
  { name: 'order', when: { text: { contains: ['订单', '发货'] } }, then: [{ reply: { text: reply } }] },
]
