import { describe, expect, it } from 'vitest'
import { shortcutFor, type Asked, type Before } from './shortcuts.js'

const nothing: Before = { asked: [], endsWithAnswer: false }
const answered: Before = { asked: ['能进洗碗机吗'], endsWithAnswer: true }
const say = (...texts: string[]): Asked[] => texts.map((text) => ({ msgType: 'text', text }))
const of = (text: string, before = nothing): ReturnType<typeof shortcutFor> =>
  shortcutFor(say(text), before, ['投诉', '12315', 'VIP赔付'])

describe('what needs no knowledge', () => {
  it.each(['谢谢', '好的，谢谢啦~', 'OK', '嗯嗯', '👌', '知道了', '收到 谢谢老板！', '不用了谢谢', '🙏🙏'])(
    'takes %s for thanks',
    (text) => {
      expect(of(text)).toEqual({ kind: 'thanks' })
    },
  )
  it.each(['在吗', '你好', '您好，在吗'.slice(0, 2), '有人吗？', 'Hello', '客服在吗'])(
    'takes %s for a greeting',
    (text) => {
      expect(of(text)).toEqual({ kind: 'greeting' })
    },
  )
  it.each(['转人工', '我要人工客服', '人工！', '能转人工吗', '帮我找个真人', '转接人工'])(
    'gives %s to a person',
    (text) => {
      expect(of(text)).toEqual({ kind: 'handoff', reason: 'asks_person' })
    },
  )
  it.each(['我要投诉你们', '打１２３１５', 'vip赔付怎么算'])('leaves the topic of %s to people', (text) => {
    expect(of(text)).toEqual({ kind: 'handoff', reason: 'topic' })
  })
  it.each([
    '好的那什么时候发货',
    '谢谢，但是还没收到',
    '人工费多少',
    '你好，请问能开发票吗',
    '尺码不对怎么办',
    '收到的杯子碎了',
    '1',
    '可以退货吗',
    '没有收到货',
    '在北京可以自提吗',
  ])('asks the knowledge about %s', (text) => {
    expect(of(text)).toBeUndefined()
  })
  it('hears that an answer did not help, and only after one', () => {
    for (const text of ['不对', '没用啊', '不是这个意思', '你回答的不对', '能进洗碗机吗？', '答非所问！'])
      expect(of(text, answered)).toEqual({ kind: 'handoff', reason: 'not_helpful' })
    expect(of('不对')).toBeUndefined()
    expect(of('能进洗碗机吗')).toBeUndefined()
  })
  it('looks at all that was said', () => {
    expect(shortcutFor(say('你好', '在吗', '谢谢'), nothing, [])).toEqual({ kind: 'greeting' })
    expect(shortcutFor(say('你好', '什么时候发货'), nothing, [])).toBeUndefined()
    expect(shortcutFor(say('杯子碎了', '转人工'), nothing, [])).toEqual({
      kind: 'handoff',
      reason: 'asks_person',
    })
    const picture: Asked = { msgType: 'image', text: undefined }
    expect(shortcutFor([...say('这个能退吗'), picture], nothing, [])).toEqual({
      kind: 'handoff',
      reason: 'not_text',
    })
  })
})
