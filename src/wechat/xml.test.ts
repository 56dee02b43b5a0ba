import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refusal } from '../../test/support/refusal.js'
import { buildXml, cdata, parseXml } from './xml.js'
import { runs } from '../../test/support/property-runs.js'

const content = (inner: string): unknown => parseXml(`<xml><Content>${inner}</Content></xml>`)['Content']
const refused = (text: string): string => refusal(() => parseXml(text))

describe('parseXml', () => {
  it.each([
    ['<![CDATA[你好 👋]]>', '你好 👋'],
    ['<![CDATA[]]>', ''],
    ['', ''],
    ['plain', 'plain'],
    [' 12 ', ' 12 '],
    ['\n  <![CDATA[x]]>\n  ', 'x'],
    ['\n  <![CDATA[]]>\n  ', ''],
    ['<![CDATA[ x\n]]>', ' x\n'],
    ['<![CDATA[a]]]]><![CDATA[>b]]>', 'a]]>b'],
    ['<![CDATA[a]]]]>&gt;<![CDATA[b]]>', 'a]]>b'],
    ['<![CDATA[a]]>\n<![CDATA[b]]>', 'ab'],
    ['a<![CDATA[b]]>c<![CDATA[d]]>', 'abcd'],
    ['<![CDATA[]]]]>', ']]'],
    ['<![CDATA[<![CDATA[x]]>', '<![CDATA[x'],
    [
      '<![CDATA[<!DOCTYPE html><!ENTITY a "b"><b>&amp;</b><!-- x --><?php ?>]]>',
      '<!DOCTYPE html><!ENTITY a "b"><b>&amp;</b><!-- x --><?php ?>',
    ],
    ['&lt;!DOCTYPE&gt; &amp;amp; &quot;&apos;', '<!DOCTYPE> &amp; "\''],
    ['&#65;&#x4E2D;&#x1F600;', 'A中😀'],
    ['a<!-- a comment is skipped -->b', 'ab'],
    ['<![CDATA[\r\n\r]]>', '\n\n'],
    ['&#13;', '\r'],
    [
      '<![CDATA[\u0000\u0008\u000b\u001f\ufffe\uffff\ud800\udc00\ud800]]>',
      '\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ud800\udc00\ufffd',
    ],
  ])('reads the content %j', (inner, text) => {
    expect(content(inner)).toBe(text)
  })

  it('reads a declaration, and layout around the root', () => {
    expect(parseXml('<?xml version="1.0" encoding="UTF-8"?>\n<xml><a>1</a></xml>\n')).toEqual({ a: '1' })
  })

  it('reads an empty root as no fields', () => {
    for (const text of ['<xml/>', '<xml></xml>', '<xml>\n</xml>']) expect(parseXml(text)).toEqual({})
  })

  it('reads elements inside elements, and several of one name as a list', () => {
    expect(
      parseXml('<xml><E><List><a>1</a></List><List><a>2</a></List><List><a>3</a></List><n>4</n></E></xml>'),
    ).toEqual({ E: { List: [{ a: '1' }, { a: '2' }, { a: '3' }], n: '4' } })
  })

  it.each<[string, unknown]>([
    ['<fail_idx>1</fail_idx><fail_idx>2</fail_idx>', { fail_idx: ['1', '2'] }],
    ['<a><![CDATA[1]]></a>\n<a><![CDATA[2]]></a><a>3</a>', { a: ['1', '2', '3'] }],
    ['<a>1</a><a><b>2</b></a>', { a: ['1', { b: '2' }] }],
    ['<a>1</a><b>x</b><a>2</a><b>y</b>', { a: ['1', '2'], b: ['x', 'y'] }],
    ['<E><id>1</id><id>2</id></E>', { E: { id: ['1', '2'] } }],
  ])('reads texts of one name as a list: %s', (inner, fields) => {
    expect(parseXml(`<xml>${inner}</xml>`)).toEqual(fields)
  })

  it('takes __proto__ and constructor for names like any other', () => {
    const fields = parseXml(
      '<xml><__proto__><polluted>1</polluted></__proto__><constructor>c</constructor><toString>t</toString></xml>',
    )
    expect(Object.keys(fields)).toEqual(['__proto__', 'constructor', 'toString'])
    expect(Object.getPrototypeOf(fields)).toBeNull()
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect('valueOf' in fields).toBe(false)
  })

  it.each([
    ['', 'no root'],
    ['text', 'no element'],
    ['<html></html>', 'another root'],
    ['<XML></XML>', 'names are case-sensitive'],
    ['<xml>', 'an open element'],
    ['<xml><a>1</xml>', 'elements that cross'],
    ['<xml></a></xml>', 'an end without a start'],
    ['<xml></xml><xml></xml>', 'two roots'],
    ['<xml></xml>x', 'text behind the root'],
    ['x<xml></xml>', 'text before the root'],
    ['\uFEFF\uFEFF<xml></xml>', 'byte order marks'],
    ['<xml><a b="c">1</a></xml>', 'an attribute'],
    ['<xml xmlns="urn:x"></xml>', 'a namespace'],
    ['<xml __proto__="x"></xml>', 'an attribute with a bad name'],
    [
      '<xml><a><![CDATA[1]]></a><b>2</b><a><![CDATA[3]]></a></xml>',
      'a text that comes back behind another element',
    ],
    ['<xml><a><![CDATA[1]]></a><b>2</b><a>3</a></xml>', 'the same, the second time bare'],
    [
      '<xml><a><b>1</b></a><b>2</b><a><b>3</b></a></xml>',
      'a structure that comes back behind another element',
    ],
    ['<xml><E><a><b>1</b></a><b>2</b><a>3</a></E></xml>', 'the same further inside'],
    ['<xml><a>1<b>2</b></a></xml>', 'text beside an element'],
    ['<xml><a><b>2</b><![CDATA[1]]></a></xml>', 'CDATA beside an element'],
    ['<xml><a>&nbsp;</a></xml>', 'an entity of HTML’s'],
    ['<xml><a>&constructor;</a></xml>', 'an entity named like an object’s property'],
    ['<xml><a>&__proto__;</a></xml>', 'an entity named __proto__'],
    ['<xml><a>&#0;</a></xml>', 'a number that is no character'],
    ['<xml><a>&#x110000;</a></xml>', 'a number beyond Unicode'],
    ['<xml><a>&#xD800;</a></xml>', 'half a character by number'],
    ['<xml><a>&;</a></xml>', 'an empty entity'],
    ['<xml><a>& b</a></xml>', 'a bare ampersand'],
    ['<xml><a>]]></a></xml>', 'a CDATA end outside one'],
    ['<xml><![CDATA[x</xml>', 'a CDATA section without end'],
    ['<xml><!-- </xml>', 'a comment without end'],
    ['<xml><!-- -- --></xml>', 'a malformed comment'],
    ['<xml><a><![cdata[x]]></a></xml>', 'CDATA in small letters'],
    ['<xml><?php echo 1 ?></xml>', 'a processing instruction'],
    ['<?xml-stylesheet href="x"?><xml></xml>', 'a processing instruction before the root'],
    ['<xml><a><b><c><d><e>1</e></d></c></b></a></xml>', 'five levels below the root'],
    ['<!DOCTYPE xml><xml></xml>', 'a DOCTYPE'],
    ['<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml></xml>', 'an external DTD'],
    ['<!DOCTYPE xml [<!ENTITY x SYSTEM "http://127.0.0.1/x">]><xml><a>&x;</a></xml>', 'an external entity'],
    ['<!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><xml><a>&b;</a></xml>', 'entities in entities'],
    ['<!DOCTYPE a><!DOCTYPE b><xml></xml>', 'DOCTYPE twice'],
    ['<!doctype xml><xml></xml>', 'a DOCTYPE in small letters'],
    ['<xml><!DOCTYPE xml></xml>', 'a DOCTYPE inside'],
    ['<xml><!ENTITY a "b"></xml>', 'an ENTITY inside'],
    ['<xml></xml><!DOCTYPE xml>', 'a DOCTYPE behind'],
    ['<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE xml><xml></xml>', 'a DOCTYPE behind a declaration'],
  ])('refuses %s: %s', (text) => {
    expect(refused(text)).toBe('DecodeError format')
  })

  it('says why, and nothing of what was in it', () => {
    for (const text of [
      '<xml><my-secret>1</xml>',
      '<xml></my-secret></xml>',
      '<xml><my-secret>',
      '<xml><a>&my-secret;</a></xml>',
      '<my-secret/>',
      '<xml><a my-secret="1" my-secret="2"/></xml>',
    ]) {
      try {
        parseXml(text)
        expect.unreachable()
      } catch (error) {
        expect(String(error)).toMatch(/^DecodeError: The push is not the XML that WeChat sends: [^.]+\.$/)
        expect(String(error)).not.toContain('my-secret')
      }
    }
  })
})

describe('buildXml', () => {
  it('writes as WeChat does: numbers bare, text as CDATA', () => {
    expect(
      buildXml({ ToUserName: 'gh_1', CreateTime: 1399197672, MsgId: 22876340532172987n, Flag: true }),
    ).toBe(
      '<xml><ToUserName><![CDATA[gh_1]]></ToUserName><CreateTime>1399197672</CreateTime>' +
        '<MsgId>22876340532172987</MsgId><Flag>true</Flag></xml>',
    )
  })

  it('leaves out what is not there', () => {
    expect(buildXml({ a: undefined, b: null, c: [] })).toBe('<xml></xml>')
  })

  it('is undone by parseXml, for any text that XML can hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/.test(text))
        expect(parseXml(buildXml({ text })).text).toBe(text)
      }),
    )
  })

  it('is undone by parseXml, structures and lists of several included', () => {
    const fields = { a: 'x', E: { List: [{ a: ']]>' }, { a: '<' }], n: '1' } }
    expect(parseXml(buildXml(fields))).toEqual(fields)
  })
})

describe('cdata', () => {
  it('lets no text out of it', () => {
    const tricky = fc.array(fc.constantFrom(']', ']]', ']]>', '>', '<![CDATA[', '</Content>', '客', '&'), {
      maxLength: 10,
    })
    fc.assert(
      fc.property(tricky, (parts) => {
        expect(content(cdata(parts.join('')))).toBe(parts.join(''))
      }),
      { numRuns: runs(1000) },
    )
  })
})
