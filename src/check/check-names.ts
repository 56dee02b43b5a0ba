import type { Bilingual } from '../protocol/bilingual.js'

/** The name that programs know each check by, and its title for people. */
export const checkTitles = {
  'url.good': { zh: 'URL 验证，签名正确', en: 'the URL is verified, with a good signature' },
  'url.forged': { zh: 'URL 验证，签名错误', en: 'the URL is verified, with a wrong signature' },
  'url.unsigned': { zh: 'URL 验证，没有签名', en: 'the URL is verified, without a signature' },
  'push.text': { zh: '客户发来文字', en: 'a customer writes a text' },
  'push.enter': { zh: '客户进入会话', en: 'a customer enters the conversation' },
  'push.image': { zh: '客户发来图片', en: 'a customer sends a picture' },
  'push.card': { zh: '客户发来小程序卡片', en: 'a customer sends a Mini Program card' },
  'odd.control': { zh: '文字中有未转义的控制字符', en: 'raw control characters in a text' },
  'odd.lines': { zh: '文字中有未转义的换行和制表符', en: 'raw line feeds and tabs in a text' },
  'odd.cdata': { zh: '文字中有未拆分的 ]]>', en: 'an unsplit ]]> in a text' },
  'odd.nested': { zh: '文字本身是一段 CDATA', en: 'a text that is a CDATA section itself' },
  'odd.repeated': { zh: '同名元素出现两次', en: 'an element stands twice' },
  'odd.capital': { zh: 'MsgType 写成 Event', en: 'MsgType with a capital: Event' },
  'odd.layout': { zh: '带缩进和结尾换行', en: 'pretty-printed, with a line feed at its end' },
  'odd.emoji': { zh: '表情、标点和生僻字', en: 'emoji, markup and rare characters' },
  'odd.long': { zh: '很长的文字', en: 'a long text' },
  'odd.unknown': { zh: '未知的消息类型', en: 'a message of an unknown type' },
  'odd.business': { zh: '带 BusinessId（子商户）', en: 'with a BusinessId (sub-merchant)' },
  'odd.bigId': { zh: '64 位的 MsgId', en: 'a MsgId of 64 bits' },
  'odd.untyped': { zh: '没有 Content-Type', en: 'no Content-Type' },
  'odd.otherType': { zh: 'Content-Type 与格式不符', en: 'a Content-Type of the other format' },
  'odd.chunked': { zh: '分块传输，没有 Content-Length', en: 'chunked, without Content-Length' },
  'repeat.atOnce': { zh: '同一推送同时到达两次', en: 'the same push twice at once' },
  'repeat.later': { zh: '同一推送再次到达', en: 'the same push again' },
  'repeat.sameSecond': {
    zh: '同一秒的两条消息，MsgId 只差 1',
    en: 'two messages of one second, MsgIds apart by 1',
  },
  'forged.signature': { zh: '用错误 Token 签名', en: 'signed with another Token' },
  'forged.unsigned': { zh: '没有签名', en: 'without a signature' },
  'forged.tampered': { zh: '密文被改动', en: 'the ciphertext was changed' },
  'forged.appId': { zh: '密文属于另一个 AppID', en: 'encrypted for another AppID' },
  'forged.plaintext': { zh: '安全模式下推送明文', en: 'plain text where secure mode is chosen' },
  'forged.stale': { zh: '一天前的时间戳，签名正确', en: 'a good signature over a timestamp of yesterday' },
} as const satisfies Readonly<Record<string, Bilingual>>

export type CheckName = keyof typeof checkTitles
