import { describe, expect, it } from 'vitest'
import { refusal } from '../../test/support/refusal.js'
import { readIncoming, writeIncoming, type Fields, type Incoming } from './incoming.js'
import { parseJson } from './json.js'
import { parseXml } from './xml.js'

/** What the typed union makes of a body, without the raw fields. */
function read(body: string): Omit<Incoming, 'fields'> {
  const fields = body.trimStart().startsWith('<') ? parseXml(body.trimStart()) : parseJson(body)
  const { fields: raw, ...incoming } = readIncoming(fields)
  expect(raw).toBe(fields)
  return incoming
}

const head = { toUserName: 'toUser', fromUserName: 'fromUser', createTime: 1482048670 }

// https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/receive
describe('the bodies of WeChat’s page', () => {
  it('reads a text message in JSON', () => {
    expect(
      read(
        '{"ToUserName":"toUser","FromUserName":"fromUser","CreateTime":1482048670,"MsgType":"text","Content":"this is a test","MsgId":1234567890123456}',
      ),
    ).toEqual({ ...head, msgType: 'text', content: 'this is a test', msgId: '1234567890123456' })
  })

  it('reads a text message in XML', () => {
    expect(
      read(`
<xml>
   <ToUserName><![CDATA[toUser]]></ToUserName>
   <FromUserName><![CDATA[fromUser]]></FromUserName>
   <CreateTime>1482048670</CreateTime>
   <MsgType><![CDATA[text]]></MsgType>
   <Content><![CDATA[this is a test]]></Content>
   <MsgId>1234567890123456</MsgId>
</xml>`),
    ).toEqual({ ...head, msgType: 'text', content: 'this is a test', msgId: '1234567890123456' })
  })

  const image = {
    ...head,
    msgType: 'image',
    picUrl: 'this is a url',
    mediaId: 'media_id',
    msgId: '1234567890123456',
  }

  it('reads an image in JSON', () => {
    expect(
      read(
        '{"ToUserName":"toUser","FromUserName":"fromUser","CreateTime":1482048670,"MsgType":"image","PicUrl":"this is a url","MediaId":"media_id","MsgId":1234567890123456}',
      ),
    ).toEqual(image)
  })

  it('reads an image in XML', () => {
    expect(
      read(`<xml>
      <ToUserName><![CDATA[toUser]]></ToUserName>
      <FromUserName><![CDATA[fromUser]]></FromUserName>
      <CreateTime>1482048670</CreateTime>
      <MsgType><![CDATA[image]]></MsgType>
      <PicUrl><![CDATA[this is a url]]></PicUrl>
      <MediaId><![CDATA[media_id]]></MediaId>
      <MsgId>1234567890123456</MsgId>
</xml>`),
    ).toEqual(image)
  })

  it('reads a Mini Program card in JSON, its picture’s fields empty', () => {
    expect(
      read(
        '{"ToUserName":"toUser","FromUserName":"fromUser","CreateTime":1482048670,"MsgType":"miniprogrampage","MsgId":1234567890123456,"Title":"title","AppId":"appid","PagePath":"path","ThumbUrl":"","ThumbMediaId":""}',
      ),
    ).toEqual({
      ...head,
      msgType: 'miniprogrampage',
      msgId: '1234567890123456',
      title: 'title',
      appId: 'appid',
      pagePath: 'path',
      thumbUrl: '',
      thumbMediaId: '',
    })
  })

  it('reads a Mini Program card in XML', () => {
    expect(
      read(`<xml>
  <ToUserName><![CDATA[toUser]]></ToUserName><FromUserName><![CDATA[fromUser]]></FromUserName>
  <CreateTime>1482048670</CreateTime><MsgType><![CDATA[miniprogrampage]]></MsgType><MsgId>1234567890123456</MsgId>
  <Title><![CDATA[Title]]></Title><AppId><![CDATA[AppId]]></AppId><PagePath><![CDATA[PagePath]]></PagePath>
  <ThumbUrl><![CDATA[ThumbUrl]]></ThumbUrl><ThumbMediaId><![CDATA[ThumbMediaId]]></ThumbMediaId>
</xml>`),
    ).toEqual({
      ...head,
      msgType: 'miniprogrampage',
      msgId: '1234567890123456',
      title: 'Title',
      appId: 'AppId',
      pagePath: 'PagePath',
      thumbUrl: 'ThumbUrl',
      thumbMediaId: 'ThumbMediaId',
    })
  })

  const enter = { ...head, msgType: 'event', event: 'user_enter_tempsession', sessionFrom: 'sessionFrom' }

  it('reads that a customer entered, in JSON', () => {
    expect(
      read(
        '{"ToUserName":"toUser","FromUserName":"fromUser","CreateTime":1482048670,"MsgType":"event","Event":"user_enter_tempsession","SessionFrom":"sessionFrom"}',
      ),
    ).toEqual(enter)
  })

  it('reads that a customer entered, in XML', () => {
    expect(
      read(`<xml>
    <ToUserName><![CDATA[toUser]]></ToUserName>
    <FromUserName><![CDATA[fromUser]]></FromUserName>
    <CreateTime>1482048670</CreateTime>
    <MsgType><![CDATA[event]]></MsgType>
    <Event><![CDATA[user_enter_tempsession]]></Event>
    <SessionFrom><![CDATA[sessionFrom]]></SessionFrom>
</xml>`),
    ).toEqual(enter)
  })

  it('reads the sub-merchant, a number in JSON and text in XML', () => {
    const fields = { MsgType: 'text', FromUserName: 'o1', Content: 'x', MsgId: '1' }
    expect(readIncoming({ ...fields, BusinessId: 1 })).toMatchObject({ businessId: '1' })
    expect(readIncoming({ ...fields, BusinessId: '1' })).toMatchObject({ businessId: '1' })
    expect(readIncoming(fields)).not.toHaveProperty('businessId')
  })
})

describe('events of other services on the same URL', () => {
  const one = {
    TemplateId: 'BEwX0BOT3MqK3Uc5oTU3CGBqzjpndk2jzUf7VfExd8',
    SubscribeStatusString: 'reject',
  }
  const two = {
    TemplateId: '9nLIlbOQZC5Y89AZteFEux3WCXRRRG5Wfzkpssu4bLI',
    SubscribeStatusString: 'accept',
  }
  const subscribe = (list: unknown): string =>
    JSON.stringify({
      ToUserName: 'gh_123456789abc',
      FromUserName: 'o7esq5OI1Uej6Xixw1lA2H7XDVbc',
      CreateTime: '1610968440',
      MsgType: 'event',
      Event: 'subscribe_msg_change_event',
      List: list,
    })
  const expected = {
    toUserName: 'gh_123456789abc',
    fromUserName: 'o7esq5OI1Uej6Xixw1lA2H7XDVbc',
    createTime: 1610968440,
    msgType: 'event',
    event: 'other',
    type: 'subscribe_msg_change_event',
  }

  it('gives a List of one, which WeChat writes as an object, as an array', () => {
    expect(read(subscribe(one))).toEqual({ ...expected, list: [one] })
  })

  it('gives a List of several as it is', () => {
    expect(read(subscribe([one, two]))).toEqual({ ...expected, list: [one, two] })
  })

  it.each([[[]], [''], [null], ['text'], [[1, 'x', null]], [undefined]])(
    'gives no entries for a List of %j',
    (list) => {
      expect(read(subscribe(list))).toMatchObject({ list: [] })
    },
  )

  const xml = (lists: string): string => `<xml>
    <ToUserName><![CDATA[gh_123456789abc]]></ToUserName>
    <FromUserName><![CDATA[o7esq5OI1Uej6Xixw1lA2H7XDVbc]]></FromUserName>
    <CreateTime>1610968440</CreateTime>
    <MsgType><![CDATA[event]]></MsgType>
    <Event><![CDATA[subscribe_msg_change_event]]></Event>
    <SubscribeMsgChangeEvent>${lists}</SubscribeMsgChangeEvent>
</xml>`
  const list = (item: typeof one): string => `
        <List>
            <TemplateId><![CDATA[${item.TemplateId}]]></TemplateId>
            <SubscribeStatusString><![CDATA[${item.SubscribeStatusString}]]></SubscribeStatusString>
        </List>`

  it('finds List in XML, where it stands inside an element named after the event', () => {
    expect(read(xml(list(one)))).toMatchObject({ ...expected, list: [one] })
    expect(read(xml(list(one) + list(two)))).toMatchObject({ ...expected, list: [one, two] })
    expect(read(xml(''))).toMatchObject({ ...expected, list: [] })
  })

  it('keeps a content check’s result whole', () => {
    const body = {
      ToUserName: 'gh_9df7d78a1234',
      FromUserName: 'o4_t144jTUSEoxydysUA2E234_tc',
      CreateTime: 1626959646,
      MsgType: 'event',
      Event: 'wxa_media_check',
      appid: 'wx8f16a5be77871234',
      trace_id: '60f96f1d-3845297a-1976a3ae',
      version: 2,
      detail: [{ strategy: 'content_model', errcode: 0, suggest: 'pass', label: 100, prob: 90 }],
      errcode: 0,
      errmsg: 'ok',
      result: { suggest: 'pass', label: 100 },
    }
    const event = readIncoming(parseJson(JSON.stringify(body)))
    expect(event).toMatchObject({ msgType: 'event', event: 'other', type: 'wxa_media_check', list: [] })
    expect(event.fields).toEqual(body)
  })

  it('reads the official test tool’s event', () => {
    expect(
      read(
        '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714037059,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}',
      ),
    ).toMatchObject({ msgType: 'event', event: 'other', type: 'debug_demo' })
  })

  it('reads an event that concerns no customer', () => {
    expect(readIncoming({ MsgType: 'event', Event: 'wxa_punish_event' })).toMatchObject({
      fromUserName: '',
      toUserName: '',
      createTime: 0,
    })
  })
})

describe('readIncoming', () => {
  it('keeps a message of a type that no page documents', () => {
    const fields = { FromUserName: 'o1', MsgType: 'location', MsgId: '9', Location_X: '23.13' }
    expect(readIncoming(fields)).toEqual({
      toUserName: '',
      fromUserName: 'o1',
      createTime: 0,
      msgType: 'other',
      type: 'location',
      msgId: '9',
      fields,
    })
  })

  it('takes MsgId as text where WeChat sends text, as its cloud functions do', () => {
    const msgId = '49d72d67b16d115e7935ac386f2f0fa41535298877_1555684067'
    expect(readIncoming({ FromUserName: 'o1', MsgType: 'text', MsgId: msgId })).toMatchObject({ msgId })
  })

  it.each<[string, Fields]>([
    ['nothing', {}],
    ['no MsgType', { FromUserName: 'o1', Content: 'x' }],
    ['a MsgType that is no word', { MsgType: { a: 1 }, FromUserName: 'o1' }],
    ['a cloud path check', { action: 'CheckContainerPath' }],
    ['a message from nobody', { MsgType: 'text', Content: 'x', MsgId: '1' }],
    ['an event without a name', { MsgType: 'event', FromUserName: 'o1' }],
  ])('refuses %s', (_what, fields) => {
    expect(refusal(() => readIncoming(fields))).toBe('DecodeError format')
  })

  it.each([
    [1482048670, 1482048670],
    ['1482048670', 1482048670],
    [' 1482048670 ', 1482048670],
    [1482048670.9, 1482048670],
    ['', 0],
    ['soon', 0],
    [null, 0],
    [{}, 0],
    [true, 0],
    ['Infinity', 0],
    ['9007199254740993', 0],
    [1e300, 0],
  ])('reads a CreateTime of %j as %d', (given, createTime) => {
    expect(readIncoming({ MsgType: 'event', Event: 'e', CreateTime: given }).createTime).toBe(createTime)
  })

  it('leaves a field of an unexpected kind empty', () => {
    expect(
      readIncoming({ MsgType: 'text', FromUserName: 'o1', Content: { a: 1 }, MsgId: [1] }),
    ).toMatchObject({ content: '', msgId: '' })
  })

  it('does not take what an object inherits for a field', () => {
    expect(
      refusal(() => readIncoming(parseJson('{"__proto__":{"MsgType":"text","FromUserName":"o1"}}'))),
    ).toBe('DecodeError format')
  })
})

describe('writeIncoming', () => {
  it.each<[string, Incoming]>([
    ['text', { ...head, msgType: 'text', content: 'x', msgId: '1', fields: {} }],
    ['a sub-merchant’s', { ...head, businessId: '7', msgType: 'text', content: 'x', msgId: '1', fields: {} }],
    [
      'a sub-merchant’s of a long id',
      { ...head, businessId: '12345678901234567890', msgType: 'text', content: 'x', msgId: '1', fields: {} },
    ],
    [
      'a sub-merchant’s of an id that is no number',
      { ...head, businessId: '007a', msgType: 'text', content: '', msgId: '1', fields: {} },
    ],
    ['an image', { ...head, msgType: 'image', picUrl: 'p', mediaId: 'm', msgId: '1', fields: {} }],
    ['a message without an id', { ...head, msgType: 'text', content: 'x', msgId: '', fields: {} }],
    [
      'another message',
      { ...head, msgType: 'other', type: 'voice', msgId: '1', fields: { Format: 'amr', MsgId: '1' } },
    ],
  ])('is undone by readIncoming: %s', (_what, incoming) => {
    const fields = writeIncoming(incoming)
    expect(readIncoming(fields)).toEqual({ ...incoming, fields })
  })

  it('writes the members of WeChat’s page, in its order', () => {
    expect(
      JSON.stringify(writeIncoming({ ...head, msgType: 'text', content: 'this is a test', msgId: '12' })),
    ).toBe(
      '{"ToUserName":"toUser","FromUserName":"fromUser","CreateTime":1482048670,"MsgType":"text","Content":"this is a test","MsgId":"12"}',
    )
    expect(
      JSON.stringify(
        writeIncoming({
          ...head,
          msgType: 'miniprogrampage',
          msgId: '12',
          title: 'title',
          appId: 'appid',
          pagePath: 'path',
          thumbUrl: '',
          thumbMediaId: '',
        }),
      ),
    ).toBe(
      '{"ToUserName":"toUser","FromUserName":"fromUser","CreateTime":1482048670,"MsgType":"miniprogrampage","MsgId":"12","Title":"title","AppId":"appid","PagePath":"path","ThumbUrl":"","ThumbMediaId":""}',
    )
    expect(
      JSON.stringify(
        writeIncoming({ ...head, msgType: 'event', event: 'user_enter_tempsession', sessionFrom: 's' }),
      ),
    ).toBe(
      '{"ToUserName":"toUser","FromUserName":"fromUser","CreateTime":1482048670,"MsgType":"event","Event":"user_enter_tempsession","SessionFrom":"s"}',
    )
  })
})
