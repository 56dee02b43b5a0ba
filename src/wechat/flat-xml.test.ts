import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { head } from '../../test/support/encoded-pushes.js'
import { runs } from '../../test/support/property-runs.js'
import { readFlatXml } from './flat-xml.js'
import { writeIncoming } from './incoming.js'
import { buildXml, readXml } from './xml.js'

/** Real pushes: of each type, and as WeChat's pages show them. */
const pushes = [
  buildXml(writeIncoming({ ...head, msgType: 'text', content: '你好 👋', msgId: '22876340532172986' })),
  buildXml(
    writeIncoming({
      ...head,
      msgType: 'image',
      picUrl: 'http://mmbiz.qpic.cn/1?a=1&b=2',
      mediaId: 'm1',
      msgId: '1234567890123456',
    }),
  ),
  buildXml(
    writeIncoming({
      ...head,
      msgType: 'miniprogrampage',
      title: '<title>',
      appId: 'wx1',
      pagePath: 'pages/index?a=1&b=2',
      thumbUrl: '',
      thumbMediaId: 'm2',
      msgId: '1234567890123457',
    }),
  ),
  buildXml(
    writeIncoming({ ...head, msgType: 'event', event: 'user_enter_tempsession', sessionFrom: 'goods:1' }),
  ),
  `<xml>
   <ToUserName><![CDATA[toUser]]></ToUserName>
\t<FromUserName><![CDATA[fromUser]]></FromUserName>
   <CreateTime>1482048670</CreateTime>
   <MsgType><![CDATA[event]]></MsgType>
   <Event><![CDATA[wxa_media_check]]></Event>
   <status_code>0</status_code>
   <detail><![CDATA[[{"a":"]]"}]]]></detail>
   <empty></empty>
   <blank> </blank>
</xml>
`,
]

/** The long way's reading, where nothing about it is in doubt; undefined for what is odd or refused. */
function longWay(text: string): [string, unknown][] | undefined {
  try {
    const { fields, isMixed, isRepeated } = readXml(text)
    return isMixed || isRepeated ? undefined : Object.entries(fields)
  } catch {
    return undefined
  }
}

/** Says whether the short way took the text, which it may only where the long way says the same. */
function taken(text: string): boolean {
  const fields = readFlatXml(text)
  if (!fields) return false
  expect(Object.entries(fields)).toStrictEqual(longWay(text))
  return true
}

describe('readFlatXml', () => {
  it.each(pushes)('reads what WeChat writes: %s', (push) => {
    expect(taken(push)).toBe(true)
  })

  it('reads whatever text a customer writes that XML holds as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (content) => {
        fc.pre(!/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|\]\]>/.test(content))
        expect(readFlatXml(buildXml({ MsgType: 'text', Content: content, MsgId: 7 }))).toEqual({
          MsgType: 'text',
          Content: content,
          MsgId: '7',
        })
      }),
      { numRuns: runs(1000) },
    )
  })

  it.each([
    ['an entity', '<a>&lt;</a>'],
    ['a text beside a section', '<a>b<![CDATA[c]]></a>'],
    ['layout around a section', '<a> <![CDATA[c]]> </a>'],
    ['two sections', '<a><![CDATA[b]]><![CDATA[c]]></a>'],
    ['an end mark that is not split', '<a><![CDATA[b]]>c]]></a>'],
    ['an end mark without a section', '<a>]]></a>'],
    ['a text that gets out of its element', '<a><![CDATA[b]]></a><c>d</c><a><![CDATA[e]]></a>'],
    ['a list', '<a>1</a><a>2</a>'],
    ['a structure', '<a><b>1</b></a>'],
    ['an attribute', '<a b="c">1</a>'],
    ['an element without an end tag', '<a/>'],
    ['a blank in an end tag', '<a>1</a >'],
    ['a name with a sign', '<a-b>1</a-b>'],
    ['a name that begins with a digit', '<1a>1</1a>'],
    ['no name', '<>1</>'],
    ['an end tag of another name', '<a>1</ab>'],
    ['a carriage return', '<a><![CDATA[\r\n]]></a>'],
    ['a control character', '<a><![CDATA[\u0014]]></a>'],
    ['half a surrogate pair', '<a><![CDATA[\ud83d]]></a>'],
    ['a comment', '<!-- --><a>1</a>'],
    ['stray text', 'x<a>1</a>'],
    ['a name that each object has', '<constructor>1</constructor>'],
    ['a prototype', '<__proto__>1</__proto__>'],
  ])('leaves %s to the long way', (_, inner) => {
    expect(readFlatXml(`<xml>${inner}</xml>`)).toBeUndefined()
  })

  it.each([
    '',
    '<xml>',
    '<xml><a>1</a>',
    '<xml></xml>x',
    '<XML></XML>',
    ' <xml></xml>',
    '<xml></xml><xml></xml>',
  ])('leaves what is no push to the long way: %j', (text) => {
    expect(readFlatXml(text)).toBeUndefined()
  })

  it('reads a changed push as the long way does, or leaves it to that', () => {
    const place = fc.nat(1000)
    const change = fc.oneof(
      fc.record({ kind: fc.constant('insert'), at: place, text: fc.constantFrom(...hostile) }),
      fc.record({
        kind: fc.constant('insert'),
        at: place,
        text: fc.string({ unit: 'binary', maxLength: 2 }),
      }),
      fc.record({ kind: fc.constant('delete'), at: place, length: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ kind: fc.constant('repeat'), at: place, length: fc.integer({ min: 1, max: 60 }) }),
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...pushes),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        (push, all) => {
          taken(all.reduce(changed, push))
        },
      ),
      { numRuns: runs(20_000, 1000) },
    )
  })

  it('reads what is put together of marks as the long way does, or leaves it to that', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...hostile), { maxLength: 12 }),
        fc.boolean(),
        (parts, isFramed) => {
          taken(isFramed ? `<xml>${parts.join('')}</xml>` : parts.join(''))
        },
      ),
      { numRuns: runs(20_000, 1000) },
    )
  })

  it('tells the two apart: a part of what is put together is taken, and a part is not', () => {
    const element = fc.constantFrom(
      '<a>1</a>',
      '<b><![CDATA[2]]></b>',
      '<c></c>',
      '\n',
      '<d><![CDATA[]]]></d>',
    )
    const results = fc
      .sample(fc.array(element, { maxLength: 4 }), { numRuns: 200, seed: 1 })
      .map((parts) => taken(`<xml>${parts.join('')}</xml>`))
    expect(new Set(results)).toEqual(new Set([true, false]))
  })
})

type Change = { kind: string; at: number; text?: string; length?: number }

function changed(push: string, { kind, at, text = '', length = 0 }: Change): string {
  const place = at % (push.length + 1)
  const [before, behind] = [push.slice(0, place), push.slice(place)]
  if (kind === 'insert') return before + text + behind
  return kind === 'delete' ? before + behind.slice(length) : before + behind.slice(0, length) + behind
}

const hostile = [
  ...['<xml>', '</xml>', '<a>', '</a>', '<a/>', '<a >', '</a >', '<a b="c">', '<b>', '</b>', '<A>', '</A>'],
  ...['<![CDATA[', ']]>', ']]', ']', '>', '<', '</', '<a><![CDATA[', ']]></a>', ']]></b>', '<![cdata['],
  ...['<FromUserName><![CDATA[oVictim]]></FromUserName>', '<MsgType>event</MsgType>', ']]></Content>'],
  ...[
    '<Content><![CDATA[',
    '<__proto__>',
    '</__proto__>',
    '<constructor>',
    '</constructor>',
    '<a:b>',
    '</a:b>',
  ],
  ...[
    '<!DOCTYPE a [<!ENTITY b "c">]>',
    '&amp;',
    '&b;',
    '&#65;',
    '&',
    '<!--',
    '-->',
    '<?php ?>',
    '<?xml version="1.0"?>',
  ],
  ...[
    '客',
    '👋',
    '\ud83d',
    '\udc4b',
    '\u0014',
    '\u0000',
    '\u0085',
    '\u00a0',
    '\u2028',
    '\ufeff',
    '\ufffe',
    '\uffff',
  ],
  ...[
    '\r\n',
    '\r',
    '\n',
    '\t',
    '\u000b',
    '\u000c',
    '\u007f',
    ' ',
    'x',
    '1',
    '_',
    '-',
    '.',
    ':',
    '/',
    '"',
    '=',
  ],
]
