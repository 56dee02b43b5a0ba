import { describe, expect, it } from 'vitest'
import { decode, encode, enter, head, text } from '../../test/support/encoded-pushes.js'
import { Bot, type Handled } from '../bot/index.js'
import type { ConversationContext, ConversationActions } from '../conversation/conversation-context.js'
import { silentLogger } from '../log.js'
import type { IncomingInput } from '../wechat/index.js'
import { compileRules, type CompiledRules } from './compile.js'
import { checkRules } from './rule-check.js'
import { problemsText } from './rule-problem.js'
import { rules as rulesMiddleware } from './rules-middleware.js'

const now = Date.parse('2026-09-28T10:00:00+08:00')

function compiled(rules: readonly object[]): CompiledRules {
  const checked = checkRules({ rules })
  if (!checked.ok) throw new Error(problemsText(checked.problems))
  return compileRules(checked.rules)
}

/** A bot with rules, and everything that came of its pushes in its order. */
class Desk {
  readonly happened: string[] = []
  readonly bot: Bot<ConversationActions>
  contact: ConversationActions['contact'] = { name: null, remark: null, sessionFrom: null, tags: [] }
  rules: CompiledRules
  sendingFails = false

  constructor(rules: readonly object[]) {
    this.rules = compiled(rules)
    const api = {
      send: async (_openId: string, message: object) => {
        await new Promise(setImmediate)
        if (this.sendingFails) throw new Error('no more messages are allowed')
        this.happened.push('content' in message ? `reply ${String(message.content)}` : 'reply')
      },
      setTyping: async () => undefined,
    }
    this.bot = new Bot<ConversationActions>({ api, logger: silentLogger })
    this.bot.use(rulesMiddleware(() => this.rules, { now: () => now }))
    this.bot.use((ctx: ConversationContext) => {
      this.happened.push(`next ${ctx.text ?? ''}`)
    })
  }

  handle(incoming: IncomingInput): Promise<Handled> {
    const note = (line: string): void => void this.happened.push(line)
    const extension: ConversationActions = {
      conversation: { id: 1, status: 'bot' },
      contact: this.contact,
      handoff: (reason) => {
        note(`handoff ${reason}`)
      },
      assist: (assistant) => {
        note(`assist ${assistant}`)
      },
      tag: (name) => {
        note(`tag ${name}`)
      },
      stayedSilent: () => {
        note('silent')
      },
      answersAs: (author) => {
        note(`as ${author}`)
      },
    }
    return this.bot.handle(decode(encode(incoming)), { extension })
  }
}

describe('rules in a bot', () => {
  it('answer as the rule, do what it says in its order, and end the chain', async () => {
    const desk = new Desk([
      {
        name: '退款',
        when: { text: { contains: '退款' } },
        then: [
          { reply: { text: '一' } },
          { tag: 'refund' },
          { reply: { text: '二' } },
          { handoff: 'refund' },
        ],
      },
    ])
    expect(await desk.handle(text('我要退款'))).toEqual({ answer: 'success', replies: 2, error: undefined })
    expect(desk.happened).toEqual(['as rule:退款', 'reply 一', 'tag refund', 'reply 二', 'handoff refund'])
  })

  it('leave a message to an assistant, after what they say themselves', async () => {
    const desk = new Desk([
      { name: 'ask', when: {}, then: [{ reply: { text: '请稍等' } }, { assistant: '售前' }] },
    ])
    await desk.handle(text('有货吗'))
    expect(desk.happened).toEqual(['as rule:ask', 'reply 请稍等', 'assist 售前'])
  })

  it('transfer by the answer to the push', async () => {
    const desk = new Desk([
      { name: 'official', when: { text: { equals: '官方客服' } }, then: [{ transfer: true }] },
    ])
    expect(await desk.handle(text(' 官方客服\n'))).toMatchObject({ answer: 'transfer', error: undefined })
  })

  it('stay silent where a rule does nothing', async () => {
    const desk = new Desk([{ name: 'quiet', when: { type: 'image' }, then: [] }])
    await desk.handle({ ...head, msgType: 'image', msgId: '1', picUrl: '', mediaId: 'm' })
    expect(desk.happened).toEqual(['as rule:quiet', 'silent'])
  })

  it('do not count a tag as an answer', async () => {
    const desk = new Desk([{ name: 'note', when: {}, then: [{ tag: 'asked' }] }])
    await desk.handle(text('在吗'))
    expect(desk.happened).toEqual(['as rule:note', 'tag asked'])
  })

  it('let the next handler run where none matches, once', async () => {
    const desk = new Desk([{ name: 'r', when: { text: { equals: 'a' } }, then: [] }])
    await desk.handle(text('b'))
    expect(desk.happened).toEqual(['next b'])
  })

  it('greet an entry with where it came from, and no message', async () => {
    const desk = new Desk([
      {
        name: 'welcome',
        when: { event: 'user_enter_tempsession' },
        then: [{ reply: { text: '来自 {{sessionFrom}}' } }],
      },
    ])
    desk.contact = { ...desk.contact, sessionFrom: 'an earlier one' }
    await desk.handle(enter)
    expect(desk.happened).toEqual(['as rule:welcome', 'reply 来自 home'])
    await desk.handle(text('hi'))
    expect(desk.happened.at(-1)).toBe('next hi')
  })

  it('know the customer by name, tags and last entry, and keep the agents’ remark to themselves', async () => {
    const desk = new Desk([
      {
        name: 'vip',
        when: { tags: { any: 'vip' }, sessionFrom: { equals: 'detail' } },
        then: [{ reply: { text: '{{contact.name}}好' } }],
      },
    ])
    desk.contact = { name: null, remark: '难缠', sessionFrom: 'detail', tags: ['vip'] }
    await desk.handle(text('hi'))
    desk.contact = { ...desk.contact, name: '张三' }
    await desk.handle(text('hi'))
    expect(desk.happened.filter((line) => line.startsWith('reply'))).toEqual(['reply 您好', 'reply 张三好'])
  })

  it('leave the events of other services alone', async () => {
    const desk = new Desk([{ name: 'all', when: {}, then: [{ reply: { text: '好' } }] }])
    await desk.handle({
      ...head,
      msgType: 'event',
      event: 'other',
      type: 'wxa_media_check',
      list: [],
      fields: {},
    })
    expect(desk.happened).toEqual(['next '])
  })

  it('are asked for at each push, so that a change needs no restart', async () => {
    const desk = new Desk([{ name: 'old', when: {}, then: [] }])
    await desk.handle(text('a'))
    desk.rules = compiled([{ name: 'new', when: {}, then: [] }])
    await desk.handle(text('b'))
    expect(desk.happened).toEqual(['as rule:old', 'silent', 'as rule:new', 'silent'])
  })

  it('stop at a reply that can’t be sent, and say so', async () => {
    const desk = new Desk([{ name: 'r', when: {}, then: [{ reply: { text: '好' } }, { tag: 'x' }] }])
    desk.sendingFails = true
    expect(await desk.handle(text('a'))).toMatchObject({ replies: 0, error: { code: 'threw' } })
    expect(desk.happened).toEqual(['as rule:r'])
  })
})
