import { describe, expect, it } from 'vitest'
import { linkify, parseRichText, webUrl } from './rich-text.js'

describe('parseRichText', () => {
  it('reads a link into the Mini Program between its texts', () => {
    expect(
      parseRichText(
        '看看<a href="http://www.qq.com" data-miniprogram-appid="wx1" data-miniprogram-path="pages/a?b=1&c=2">订单</a>吧',
      ),
    ).toEqual([
      { kind: 'text', text: '看看' },
      { kind: 'miniprogram', text: '订单', path: 'pages/a?b=1&c=2', appId: 'wx1' },
      { kind: 'text', text: '吧' },
    ])
  })

  it('takes single quotes, bare values, capital letters and a > inside quotes', () => {
    expect(parseRichText(`<A data-miniprogram-path='pages/a?x=">"'>甲</A >`)).toEqual([
      { kind: 'miniprogram', text: '甲', path: 'pages/a?x=">"', appId: null },
    ])
    expect(parseRichText('<a href=https://example.com/x>乙</a>')).toEqual([
      { kind: 'web', text: '乙', url: 'https://example.com/x' },
    ])
  })

  it.each([
    '<a href="javascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a onclick="alert(1)">x</a>',
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<a href="https://example.com"',
    '<a href="https">never closed',
    ']]> & < > "',
  ])('leaves %s the text it is', (content) => {
    const text = parseRichText(content)
      .map((segment) => segment.text)
      .join('')
    expect(parseRichText(content).every((segment) => segment.kind !== 'miniprogram')).toBe(true)
    expect(text).toContain(content.includes('https://') ? 'https://example.com' : content)
    expect(
      parseRichText(content).some((segment) => segment.kind === 'web' && !/^https?:/.test(segment.url)),
    ).toBe(false)
  })

  it('keeps every character of a text without links', () => {
    const text = '第一行\n第二行 😀 ]]> <b>粗</b> &amp;'
    expect(parseRichText(text)).toEqual([{ kind: 'text', text }])
  })
})

describe('linkify', () => {
  it('finds an address and leaves the sentence its punctuation', () => {
    expect(linkify('见 https://example.com/a?b=1。或 http://x.cn/y.')).toEqual([
      { kind: 'text', text: '见 ' },
      { kind: 'web', text: 'https://example.com/a?b=1', url: 'https://example.com/a?b=1' },
      { kind: 'text', text: '。或 ' },
      { kind: 'web', text: 'http://x.cn/y', url: 'http://x.cn/y' },
      { kind: 'text', text: '.' },
    ])
  })

  it('makes nothing of an empty text', () => {
    expect(linkify('')).toEqual([])
  })
})

describe('webUrl', () => {
  it.each([
    ['https://example.com', 'https://example.com/'],
    ['HTTP://Example.com/A', 'http://example.com/A'],
    ['javascript:alert(1)', null],
    ['java\nscript:alert(1)', null],
    ['//example.com', null],
    ['https://', null],
    ['', null],
  ])('%j → %j', (text, url) => {
    expect(webUrl(text)).toBe(url)
  })
})
