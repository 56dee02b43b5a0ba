import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from './limits.js'
import { miniProgramLink, sendBody, splitText, type OutgoingMessage } from './outgoing.js'

describe('sendBody', () => {
  // https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-message/api_sendcustommessage
  it.each<[OutgoingMessage, string]>([
    [
      { msgType: 'text', content: 'Hello World' },
      '{"touser":"OPENID","msgtype":"text","text":{"content":"Hello World"}}',
    ],
    [
      { msgType: 'image', mediaId: 'MEDIA_ID' },
      '{"touser":"OPENID","msgtype":"image","image":{"media_id":"MEDIA_ID"}}',
    ],
    [
      {
        msgType: 'link',
        title: 'Happy Day',
        description: 'Is Really A Happy Day',
        url: 'URL',
        thumbUrl: 'THUMB_URL',
      },
      '{"touser":"OPENID","msgtype":"link","link":{"title":"Happy Day","description":"Is Really A Happy Day","url":"URL","thumb_url":"THUMB_URL"}}',
    ],
    [
      {
        msgType: 'miniprogrampage',
        title: 'title',
        pagePath: 'pages/index/index?foo=bar',
        thumbMediaId: 'THUMB_MEDIA_ID',
      },
      '{"touser":"OPENID","msgtype":"miniprogrampage","miniprogrampage":{"title":"title","pagepath":"pages/index/index?foo=bar","thumb_media_id":"THUMB_MEDIA_ID"}}',
    ],
  ])('writes %j as WeChat’s page does', (message, body) => {
    expect(JSON.stringify(sendBody('OPENID', message))).toBe(body)
  })

  it('marks a message as an AI’s only when asked', () => {
    const message = { msgType: 'text', content: 'x' } as const
    expect(JSON.stringify(sendBody('OPENID', { ...message, isAiMsg: true }))).toBe(
      '{"touser":"OPENID","msgtype":"text","text":{"content":"x"},"aimsgcontext":{"is_ai_msg":1}}',
    )
    expect(sendBody('OPENID', { ...message, isAiMsg: false })).not.toHaveProperty('aimsgcontext')
  })

  it('sends nothing that the message does not name', () => {
    const message = { msgType: 'text', content: 'x', touser: 'another', extra: 1 } as const
    expect(sendBody('OPENID', message)).toEqual({ touser: 'OPENID', msgtype: 'text', text: { content: 'x' } })
  })
})

describe('miniProgramLink', () => {
  it('writes the form of WeChat’s page', () => {
    expect(
      miniProgramLink({
        appId: 'appid',
        path: 'pages/index/index',
        text: '点击跳小程序',
        href: 'http://www.qq.com',
      }),
    ).toBe(
      '<a href="http://www.qq.com" data-miniprogram-appid="appid" data-miniprogram-path="pages/index/index">点击跳小程序</a>',
    )
  })

  it('has somewhere to go on clients that know no Mini Programs', () => {
    expect(miniProgramLink({ appId: 'wx1', path: 'p', text: 't' })).toMatch(
      /^<a href="https:\/\/[^"]+" data-/,
    )
  })

  it('lets no value out of its place', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (appId, path, text, href) => {
        const link = miniProgramLink({ appId, path, text, href })
        expect(
          link.match(
            /^<a href="[^"<>]*" data-miniprogram-appid="[^"<>]*" data-miniprogram-path="[^"<>]*">[^<>]*<\/a>$/,
          ),
        ).not.toBeNull()
      }),
    )
  })

  it('keeps a page’s query', () => {
    expect(miniProgramLink({ appId: 'wx1', path: 'pages/order?id=1&name=客服', text: '订单' })).toContain(
      'data-miniprogram-path="pages/order?id=1&name=客服"',
    )
  })
})

describe('splitText', () => {
  const bytes = (text: string): number => Buffer.byteLength(text)
  const graphemes = (text: string): string[] =>
    [...new Intl.Segmenter('zh', { granularity: 'grapheme' }).segment(text)].map(({ segment }) => segment)
  const link = '<a href="https://a.example/" data-miniprogram-appid="wx1" data-miniprogram-path="p">看!</a>'
  const anything = fc
    .array(
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'binary' }),
        fc.constantFrom(
          '你好',
          '。',
          '!',
          '!\ufe0f',
          '。\u0301',
          '\n',
          '\r\n',
          '👨‍👩‍👧',
          '🇨🇳',
          'e\u0301',
          link,
          '<a ',
          '</a>',
          '\ud800',
          ' ',
        ),
      ),
      { maxLength: 30 },
    )
    .map((parts) => parts.join(''))

  it('leaves a text that fits as it is', () => {
    expect(splitText('')).toEqual([''])
    expect(splitText('你好')).toEqual(['你好'])
    expect(splitText('x'.repeat(limits.textBytes))).toHaveLength(1)
    expect(splitText('x'.repeat(limits.textBytes + 1))).toHaveLength(2)
    expect(splitText('客'.repeat(683)).map(bytes)).toEqual([2046, 3])
  })

  it('cuts into parts that fit and, joined, are the text again', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 4, max: 300 }), (text, maxBytes) => {
        const parts = splitText(text, maxBytes)
        expect(parts.join('')).toBe(text)
        for (const part of parts) expect(bytes(part)).toBeLessThanOrEqual(maxBytes)
        if (parts.length > 1) expect(parts).not.toContain('')
      }),
      { numRuns: 1000 },
    )
  })

  it('never wastes a message: two neighbours would not fit into one, halves aside', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 120, max: 300 }), (text, maxBytes) => {
        const parts = splitText(text, maxBytes)
        expect(parts.length).toBeLessThanOrEqual(Math.ceil((bytes(text) / maxBytes) * 4) + 1)
      }),
    )
  })

  it('cuts through no character, however many code points it has', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 200, max: 300 }), (text, maxBytes) => {
        fc.pre(!text.includes('<a'))
        fc.pre(graphemes(text).every((grapheme) => bytes(grapheme) <= maxBytes))
        expect(splitText(text, maxBytes).flatMap(graphemes)).toEqual(graphemes(text))
      }),
      { numRuns: 500 },
    )
  })

  it('cuts through no character where its own view of a long text ends', () => {
    for (const unit of ['👨‍👩‍👧', '🇨🇳', 'e\u0301', '\r\n', '👋'])
      for (let shift = 0; shift < 12; shift++) {
        const text = 'x'.repeat(shift) + unit.repeat(600)
        const parts = splitText(text)
        expect(parts.join('')).toBe(text)
        for (const part of parts) expect(part.replace(/^x*/, '').replaceAll(unit, '')).toBe('')
      }
  })

  it('cuts a character that does not fit between its code points, never through one', () => {
    const zalgo = `e${'\u0301'.repeat(50)}`
    const parts = splitText(zalgo, 10)
    expect(parts.join('')).toBe(zalgo)
    for (const part of parts) expect(part).not.toContain('\ufffd')
    expect(splitText('👋👋', 4)).toEqual(['👋', '👋'])
  })

  it('cuts through no link that fits, also where its text ends like a sentence', () => {
    for (let before = 0; before < 60; before++) {
      const text = `${'字'.repeat(before)}${link}${'字'.repeat(60 - before)}。`
      const parts = splitText(text, 150)
      expect(parts.join('')).toBe(text)
      expect(
        parts.filter((part) => part.includes(link)),
        String(before),
      ).toHaveLength(1)
    }
  })

  it('cuts a link that fits nowhere', () => {
    const text = `<a href="x">${'长'.repeat(100)}</a>`
    expect(splitText(text, 100).join('')).toBe(text)
    for (const part of splitText(text, 100)) expect(bytes(part)).toBeLessThanOrEqual(100)
  })

  it('prefers the end of a line, then of a sentence, in a part’s second half', () => {
    expect(splitText('一二三四五六七八\n九十。甲乙丙丁', 36)).toEqual([
      '一二三四五六七八\n',
      '九十。甲乙丙丁',
    ])
    expect(splitText('一二三四五六七。八九十甲乙丙丁', 36)).toEqual(['一二三四五六七。', '八九十甲乙丙丁'])
    expect(splitText('一。二三四五六七八九十甲乙丙丁', 36)).toEqual(['一。二三四五六七八九十甲', '乙丙丁'])
    expect(splitText('一二三四五六七八。\r\n九十甲乙丙丁', 33)).toEqual([
      '一二三四五六七八。\r\n',
      '九十甲乙丙丁',
    ])
  })

  it('cuts right before a link, where a sentence ends there', () => {
    const text = `${'字'.repeat(20)}。${link}`
    expect(splitText(text, bytes(text) - 1)).toEqual([`${'字'.repeat(20)}。`, link])
  })
})
