import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { miniProgramLink, sendBody, type OutgoingMessage } from './outgoing.js'

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
