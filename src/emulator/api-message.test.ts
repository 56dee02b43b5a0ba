import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { app, otherApp, ridAtEnd, startApiCaller, type ApiAnswer } from '../../test/support/api-caller.js'
import { tinyPng } from '../../test/push-receiver.js'

const minute = 60_000
const hour = 60 * 60_000
const caller = await startApiCaller()
const { upload, emulator, user, get, post, getToken, send, sendText } = caller
beforeEach(caller.reset)
afterAll(caller.close)

describe('sending', () => {
  it('shows each type that a Mini Program may send on the phone', async () => {
    await user.sends('在吗')
    const { media_id } = await upload(tinyPng)
    const url = `/_emulator/media/${media_id ?? ''}`
    expect(await sendText('您好 <b>😀</b>\n]]>')).toEqual({ errcode: 0, errmsg: 'ok' })
    await send({ msgtype: 'image', image: { media_id } })
    await send({
      msgtype: 'link',
      link: { title: '标题', description: '说明', url: 'https://a.cn', thumb_url: 'https://a.cn/b.png' },
    })
    await send({
      msgtype: 'miniprogrampage',
      miniprogrampage: { title: '卡片', pagepath: 'pages/a?b=1', thumb_media_id: media_id },
    })
    expect(user.messages.map(({ from, content }) => [from, content])).toEqual([
      ['user', { msgType: 'text', content: '在吗' }],
      ['service', { msgType: 'text', content: '您好 <b>😀</b>\n]]>' }],
      ['service', { msgType: 'image', mediaId: media_id, url }],
      [
        'service',
        {
          msgType: 'link',
          title: '标题',
          description: '说明',
          url: 'https://a.cn',
          thumbUrl: 'https://a.cn/b.png',
        },
      ],
      [
        'service',
        {
          msgType: 'miniprogrampage',
          title: '卡片',
          pagePath: 'pages/a?b=1',
          appId: app.appId,
          thumbUrl: url,
        },
      ],
    ])
  })

  it('puts WeChat’s line under what an AI wrote', async () => {
    await user.sends('在吗')
    await send({ msgtype: 'text', text: { content: 'AI' }, aimsgcontext: { is_ai_msg: 1 } })
    await sendText('人')
    expect(user.messages.map((message) => message.isAiMsg)).toEqual([undefined, true, undefined])
  })

  it.each([
    ['an unknown customer', { touser: 'nobody', msgtype: 'text', text: { content: 'a' } }, 40003],
    ['no customer', { touser: undefined, msgtype: 'text', text: { content: 'a' } }, 40003],
    ['no type', {}, 40008],
    ['an empty text', { msgtype: 'text', text: { content: '' } }, 44004],
    ['no text at all', { msgtype: 'text' }, 44004],
    ['2049 bytes of text', { msgtype: 'text', text: { content: `${'好'.repeat(682)}abc` } }, 45002],
    ['a picture that is not there', { msgtype: 'image', image: { media_id: 'none' } }, 40007],
    [
      'a card whose picture is not there',
      { msgtype: 'miniprogrampage', miniprogrampage: { title: 'a', pagepath: 'b' } },
      40007,
    ],
    [
      'a card of another Mini Program',
      { msgtype: 'miniprogrampage', miniprogrampage: { title: 'a', pagepath: 'b', appid: otherApp.appId } },
      40013,
    ],
    ['a link that leads nowhere', { msgtype: 'link', link: { title: 'a' } }, 40097],
    ['official accounts’ news', { msgtype: 'news', news: { articles: [] } }, 45162],
    ['official accounts’ menus', { msgtype: 'msgmenu', msgmenu: {} }, 45162],
    ['a transfer', { msgtype: 'transfer_customer_service' }, 45162],
  ])('refuses %s', async (_what, message, errcode) => {
    await user.sends('在吗')
    const answer = await send(message)
    expect(answer.errcode).toBe(errcode)
    expect(answer.errmsg).toMatch(ridAtEnd)
    expect(user.allowance.remaining).toBe(5)
  })

  it('takes 2048 bytes of text', async () => {
    await user.sends('在吗')
    expect(await sendText(`${'好'.repeat(682)}ab`)).toMatchObject({ errcode: 0 })
  })

  it('knows a customer of one Mini Program for that one only', async () => {
    await emulator.user('customer-1', otherApp.appId).sends('在吗')
    expect(await sendText('a')).toMatchObject({ errcode: 40003 })
  })

  it('refuses what is no JSON object, nothing at all, and other methods', async () => {
    const path = '/cgi-bin/message/custom/send'
    expect(await post(path, '{"touser":')).toMatchObject({ errcode: 47001 })
    expect(await post(path, '[]')).toMatchObject({ errcode: 47001 })
    expect(await post(path, '')).toMatchObject({ errcode: 44002 })
    expect(await get(`${path}?access_token=${caller.token}`)).toMatchObject({ errcode: 43002 })
    expect(await post('/cgi-bin/message/custom/business/send', { touser: 'a' })).toMatchObject({
      errcode: 40101,
    })
    expect(await post('/cgi-bin/message/custom/sent', {})).toMatchObject({ errcode: 40066 })
  })

  it('shows \\uXXXX escapes as they are, and other escapes as what they stand for', async () => {
    await user.sends('在吗')
    const body = String.raw`{"touser":"customer-1","msgtype":"text","text":{"content":"\u4f60好\n\"\/\\u597d"}}`
    await post('/cgi-bin/message/custom/send', body)
    expect(user.messages.at(-1)?.content).toEqual({
      msgType: 'text',
      content: String.raw`\u4f60好` + '\n"/\\u597d',
    })
  })

  it('ends when the allowance is used up, and when its time has passed', async () => {
    await user.sends('在吗')
    for (let i = 0; i < 5; i++) expect(await sendText(`${i}`)).toMatchObject({ errcode: 0 })
    expect(await sendText('6')).toMatchObject({ errcode: 45047 })
    await user.sends('还在吗')
    emulator.advance(48 * hour)
    caller.token = (await getToken()).access_token ?? ''
    expect(await sendText('7')).toMatchObject({ errcode: 45015 })
    expect(user.messages.filter(({ from }) => from === 'service')).toHaveLength(5)
  })

  it('may greet twice, within a minute, a customer who entered', async () => {
    await user.enters({ sessionFrom: 'order' })
    expect(user.allowance.remaining).toBe(2)
    for (const errcode of [0, 0, 45047]) expect(await sendText('您好')).toMatchObject({ errcode })
    emulator.advance(minute)
    expect(await sendText('您好')).toMatchObject({ errcode: 45015 })
  })
})

describe.each(['/cgi-bin/message/custom/typing', '/cgi-bin/message/custom/business/typing'])(
  'typing at %s',
  (path) => {
    const type = (command: string, touser = 'customer-1'): Promise<ApiAnswer> =>
      post(path, { touser, command })

    it('shows, ends by itself, and is ended by a message', async () => {
      await user.sends('在吗')
      expect(await type('Typing')).toEqual({ errcode: 0, errmsg: 'ok' })
      expect(user.typing).toBe(true)
      expect(await type('Typing')).toMatchObject({ errcode: 45081 })
      await sendText('在')
      expect(user.typing).toBe(false)
      await type('Typing')
      emulator.advance(15_000)
      expect(user.typing).toBe(false)
    })

    it('can be taken back', async () => {
      await user.sends('在吗')
      await type('Typing')
      expect(await type('CancelTyping')).toMatchObject({ errcode: 0 })
      expect(user.typing).toBe(false)
    })

    it('is refused for other commands, strangers, silent customers, and outside the window', async () => {
      expect(await type('Typing')).toMatchObject({ errcode: 40003 })
      await user.enters()
      expect(await type('typing')).toMatchObject({ errcode: 45072 })
      emulator.advance(30_000)
      expect(await type('Typing')).toMatchObject({ errcode: 45080 })
      emulator.advance(30_000)
      expect(await type('Typing')).toMatchObject({ errcode: 45015 })
    })
  },
)
