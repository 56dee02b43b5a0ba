import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../test/support/property-runs.js'
import { escapeControlCharacters, parseLenientJson } from './lenient-json.js'
import { buildXml, parseXml } from './xml.js'

describe('JSON with raw control characters', () => {
  test('keeps TAB, LF and CR, and reads any other as U+FFFD', () => {
    expect(parseLenientJson('{"Content":"a\tb\nc\rd\r\ne\u0014f\u001bg\u0000"}')).toEqual({
      Content: 'a\tb\nc\rd\r\ne\ufffdf\ufffdg\ufffd',
    })
  })

  test('reads each control character but CR as XML reads it', () => {
    for (let code = 0; code < 0x20; code++) {
      if (code === 0x0d) continue
      const control = String.fromCharCode(code)
      const xml = parseXml(buildXml({ Content: `a${control}b` }))
      expect(parseLenientJson(`{"Content":"a${control}b"}`), `0x${code.toString(16)}`).toEqual({ ...xml })
    }
  })

  test('reads them in keys, in nested strings and beside escapes', () => {
    expect(parseLenientJson('{"\u0014MsgType":["x\\"\u0001","\\\\",{"k":"\\u0041\u0002\\\\"}]}')).toEqual({
      '\ufffdMsgType': ['x"\ufffd', '\\', { k: 'A\ufffd\\' }],
    })
  })

  test('takes a backslash before one for a backslash', () => {
    expect(parseLenientJson('{"a":"\\\n\\\u0014","b":"\\n"}')).toEqual({ a: '\\\n\\\ufffd', b: '\n' })
  })

  test('leaves layout between values alone', () => {
    expect(parseLenientJson('{\r\n\t"a" :\t"\u0014"\n}\n')).toEqual({ a: '\ufffd' })
    expect(() => parseLenientJson('{"a":\u00141}')).toThrow(SyntaxError)
  })

  test('reads past a byte order mark', () => {
    expect(parseLenientJson('\ufeff{"errcode":0}')).toEqual({ errcode: 0 })
  })

  test.each([
    '',
    '{',
    '{"a":"b\u0014',
    '"\\',
    '{"a":"\u0014"} x',
    "{'a':'\u0014'}",
    '<xml/>',
    '{"a":"\\\u0014',
  ])('refuses what is no JSON: %j', (text) => {
    expect(() => parseLenientJson(text)).toThrow(SyntaxError)
  })

  test('a string can bring in no field, whatever it holds', () => {
    const unit = fc.constantFrom(
      '"',
      '\\',
      '\n',
      '\r',
      '\t',
      '\u0000',
      '\u0014',
      '\u001f',
      ',',
      ':',
      '}',
      '0',
      '中',
    )
    // As WeChat writes: quotes and backslashes escaped, nothing else.
    const raw = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`
    const kept = (text: string): string => text.replace(/[\u0000\u0014\u001f]/g, '\ufffd')
    fc.assert(
      fc.property(fc.string({ unit }), fc.string({ unit }), (content, sender) => {
        expect(parseLenientJson(`{"Content":${raw(content)},"FromUserName":${raw(sender)}}`)).toEqual({
          Content: kept(content),
          FromUserName: kept(sender),
        })
      }),
      { numRuns: runs(1000) },
    )
  })

  test('what is JSON reads as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(escapeControlCharacters(text)).toBe(text)
        expect(parseLenientJson(text)).toEqual(JSON.parse(text))
      }),
      { numRuns: runs(1000) },
    )
  })

  test('looks at each character once, also in a text that never ends its strings', () => {
    const text = `{"a":"${'\\"\u0014'.repeat(20_000)}`
    expect(escapeControlCharacters(text)).toHaveLength(text.length)
    expect(() => parseLenientJson(text)).toThrow(SyntaxError)
  })
})
