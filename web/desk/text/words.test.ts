import { ref } from 'vue'
import { describe, expect, it } from 'vitest'
import { createI18n } from '../locales/i18n.js'
import { conversationOf, messageOf } from '../testing.js'
import { avatarHue, avatarLetter } from './avatar.js'
import { contactName, maskedOpenId } from './contact-name.js'
import { previewOf } from './preview.js'
import { rowName } from './row-name.js'
import { sendProblem } from './send-problem.js'
import { systemWords } from './system-line.js'
import { hostOf, isTrickyAddress } from './web-address.js'

const t = createI18n(ref('zh-CN')).t.value
const contact = conversationOf().contact

describe('a customer', () => {
  it('is called by the remark, else the name, else as a visitor', () => {
    const named = (change: object): string =>
      contactName(conversationOf({ contact: { ...contact, ...change } }), t)
    expect(named({ remark: '陈先生', name: '小陈' })).toBe('陈先生')
    expect(named({ remark: ' ', name: '小陈' })).toBe('小陈')
    expect(named({})).toBe('访客 poec')
    expect(maskedOpenId('oENu5xk3lGmpoec')).toBe('oENu…poec')
  })

  it('has a letter and a colour of their own', () => {
    expect(['张三', '李晓梅', 'tom', '陈先生（VIP）', '', '👩‍👩‍👧 家'].map(avatarLetter)).toEqual([
      '三',
      '梅',
      'T',
      '陈',
      '?',
      '👩‍👩‍👧',
    ])
    expect(avatarHue('a')).toBe(avatarHue('a'))
  })
})

it('a row’s second line says who said what', () => {
  const preview = (change: Parameters<typeof messageOf>[0]): string =>
    previewOf(conversationOf({ lastMessage: messageOf(change) }), 1, t)
  expect(preview({ content: '在吗\n还有货吗' })).toBe('在吗 还有货吗')
  expect(preview({ direction: 'outgoing', author: 'agent:1', content: '您好' })).toBe('我: 您好')
  expect(preview({ direction: 'outgoing', author: 'agent:2', authorName: '李四', msgType: 'image' })).toBe(
    '李四: [图片]',
  )
  expect(
    preview({
      direction: 'outgoing',
      author: 'rule:欢迎',
      content: '<a href="https://x.cn" data-miniprogram-path="p">看</a>',
    }),
  ).toBe('机器人: 看')
  expect(preview({ direction: 'note', author: 'agent:2', content: '注意' })).toBe('[备注] 注意')
  expect(preview({ msgType: 'miniprogrampage', title: '马克杯' })).toBe('[小程序卡片] 马克杯')
  expect(previewOf(conversationOf({ lastMessage: null }), 1, t)).toBe('还没有消息')
})

it('a row says all that it shows to who hears it', () => {
  const view = conversationOf({
    contact: { ...contact, name: '张三', tags: ['售后'] },
    unread: 3,
    waitingSince: 0,
  })
  const name = rowName(view, { meId: 1, now: 360_000, t, language: 'zh-CN' })
  expect(name).toMatch(/^张三，待接入，未读 3 条，等待 6 分钟，还剩 277 小时 \d+ 分，售后，最后消息：你好$/)
})

it('system lines are put into words', () => {
  const line = (change: Parameters<typeof messageOf>[0]): string =>
    systemWords(messageOf({ direction: 'system', author: 'system', msgType: 'system', ...change }), t)
  expect(line({ line: 'take', agentId: 2, authorName: '李四' })).toBe('李四 接入了会话')
  expect(line({ line: 'assign', agentId: 2, authorName: '李四', to: 1, toName: '小满' })).toBe(
    '李四 把会话转接给 小满',
  )
  expect(line({ line: 'handoff', reason: 'unanswered' })).toBe('机器人没有答案，转人工')
  expect(line({ line: 'handoff', reason: 'refund' })).toContain('refund')
  expect(line({ line: 'entered', sessionFrom: 'page=home' })).toBe('客户进入会话，来自：home')
  expect(line({ line: 'entered', sessionFrom: 'wxapp' })).toBe('客户进入会话')
  expect(line({ line: 'close', agentId: null })).toBe('程序 结束了会话')
})

it('what WeChat refused is explained, with what helps', () => {
  const failed = (errcode: number | null, problem: string | null = ''): ReturnType<typeof sendProblem> =>
    sendProblem(messageOf({ direction: 'outgoing', state: 'failed', errcode, problem }), t)
  expect(failed(45047)).toMatchObject({ help: 'none' })
  expect(failed(45002)).toMatchObject({ help: 'edit' })
  expect(failed(40164, 'invalid ip 203.0.113.9, not in whitelist').text).toContain('203.0.113.9')
  expect(failed(99999, 'strange')).toEqual({
    text: '微信返回 99999：strange',
    help: 'retry',
    isUnlisted: true,
  })
  expect(failed(null, 'timeout')).toMatchObject({ help: 'retry' })
})

it('an address that may pretend to be another is told', () => {
  expect(isTrickyAddress('https://shop.example.com/x')).toBe(false)
  for (const url of [
    'https://weixin.qq.com@evil.example/',
    'https://раураl.com/',
    'http://1.2.3.4/',
    'http://[::1]/',
    'nonsense',
  ])
    expect(isTrickyAddress(url), url).toBe(true)
  expect(hostOf('https://раураl.com/')).toMatch(/^xn--/)
})
