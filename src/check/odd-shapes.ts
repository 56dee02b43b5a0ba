import type { Fields, Format, Manner } from '../wechat/index.js'
import type { CheckName } from './check-names.js'

/** A push of WeChat's in one of the shapes that it has been seen in. */
export interface Shape {
  readonly check: CheckName
  /** The fields behind ToUserName, FromUserName and CreateTime. A message gets a MsgId. */
  readonly fields: Fields
  /** How they are written; as WeChat usually does when not given. */
  readonly manner?: Manner
  /** Lays the plaintext out anew. */
  readonly layout?: (plaintext: string) => string
  /** Empty for none. */
  readonly contentType?: string
  readonly chunked?: boolean
}

const text = (content: string): Fields => ({ MsgType: 'text', Content: content })

const both: readonly Shape[] = [
  {
    check: 'push.enter',
    fields: { MsgType: 'event', Event: 'user_enter_tempsession', SessionFrom: 'kefu-check' },
  },
  {
    check: 'push.image',
    fields: { MsgType: 'image', PicUrl: 'http://127.0.0.1/kefu-check.png', MediaId: 'kefu-check' },
  },
  {
    check: 'push.card',
    fields: {
      MsgType: 'miniprogrampage',
      Title: 'kefu check',
      AppId: 'wx0000000000000000',
      PagePath: 'pages/index/index',
      ThumbUrl: 'http://127.0.0.1/kefu-check.png',
      ThumbMediaId: 'kefu-check',
    },
  },
  { check: 'odd.control', fields: text('kefu \u0014check\u001b'), manner: { rawControls: true } },
  { check: 'odd.emoji', fields: text('👋🏽 𠮷 <b>&amp;"\\" 你好') },
  { check: 'odd.long', fields: text('你好，kefu check。'.repeat(80)) },
  {
    check: 'odd.capital',
    fields: { MsgType: 'Event', Event: 'user_authorization_revoke', OpenID: 'kefu-check', RevokeInfo: '1' },
  },
  { check: 'odd.unknown', fields: { MsgType: 'kefu_check', Format: 'amr' } },
  { check: 'odd.business', fields: { ...text('kefu check'), BusinessId: 1 } },
  { check: 'odd.bigId', fields: { ...text('kefu check'), MsgId: '9223372036854775806' } },
  { check: 'odd.untyped', fields: text('kefu check'), contentType: '' },
  { check: 'odd.chunked', fields: text('kefu 分块'), chunked: true },
]

const only: Readonly<Record<Format, readonly Shape[]>> = {
  json: [
    { check: 'odd.lines', fields: text('kefu\tcheck\r\n你好'), manner: { rawControls: true } },
    { check: 'odd.layout', fields: text('kefu check'), manner: { pretty: true } },
    { check: 'odd.otherType', fields: text('kefu check'), contentType: 'text/xml' },
  ],
  xml: [
    { check: 'odd.cdata', fields: text('kefu ]]> check'), manner: { unsplitCdata: true } },
    { check: 'odd.nested', fields: text('<a><![CDATA[1]]></a>'), manner: { unsplitCdata: true } },
    {
      check: 'odd.repeated',
      fields: { MsgType: 'event', Event: 'kefu_check', fail_idx: ['1', '2'] },
    },
    { check: 'odd.layout', fields: text('kefu check'), layout: indented },
  ],
}

export function shapesOf(format: Format): readonly Shape[] {
  return [...both, ...only[format]]
}

/** Each element on a line of its own, as on WeChat's pages. */
function indented(xml: string): string {
  return `${xml.replace('<xml>', '<xml>\n').replaceAll(/(<\/\w+>)(?=<)/g, '$1\n')}\n`
}
