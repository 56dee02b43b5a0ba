import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runs } from '../../test/support/property-runs.js'
import { refusal } from '../../test/support/refusal.js'
import { parseJson, stringifyJson } from './json.js'

describe('parseJson', () => {
  it('keeps three neighbouring 64-bit ids apart, where JSON.parse makes two of them one', () => {
    const ids = ['22876340532172986', '22876340532172987', '22876340532172988']
    const bodies = ids.map((id) => `{"MsgId":${id}}`)
    expect(new Set(bodies.map((body) => String(Object.values(JSON.parse(body) as object)[0]))).size).toBe(2)
    expect(bodies.map((body) => parseJson(body)['MsgId'])).toEqual(ids)
  })

  it('keeps each 64-bit integer exact, signed or not', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (id) => {
        expect(String(parseJson(`{"MsgId": ${id} }`)['MsgId'])).toBe(String(id))
      }),
    )
  })

  it.each<[string, unknown]>([
    ['{"a":1234567890123456}', '1234567890123456'],
    ['{"a":123456789012345}', 123456789012345],
    ['{"a":-1234567890123456}', '-1234567890123456'],
    ['{"a" : 1234567890123456\n}', '1234567890123456'],
    [
      '{"a":[12345678901234567,1,{"b":12345678901234567}]}',
      ['12345678901234567', 1, { b: '12345678901234567' }],
    ],
    ['{"a":1234567890123456.5}', 1234567890123456.5],
    ['{"a":1234567890123456e1}', 12345678901234560],
    ['{"a":1.1234567890123456}', 1.1234567890123456],
    ['{"a":"12345678901234567"}', '12345678901234567'],
    ['{"a":":12345678901234567,"}', ':12345678901234567,'],
    ['{"a":"\\":12345678901234567,\\""}', '":12345678901234567,"'],
    ['{"a":"\\\\","b":12345678901234567}', '\\'],
    ['{"a":"订单12345678901234567号"}', '订单12345678901234567号'],
  ])('reads %s', (text, a) => {
    expect(parseJson(text)['a']).toEqual(a)
  })

  it('reads everything without long integers as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 3 })), (value) => {
        const text = JSON.stringify(value)
        fc.pre(!/\d{16}/.test(text))
        expect(parseJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('changes no string, whatever digits, quotes and backslashes it holds', () => {
    const pieces = [
      '"',
      '\\',
      '12345678901234567',
      ':',
      ',',
      '{',
      '}',
      '[',
      ']',
      '-',
      '.',
      'e',
      ' ',
      '\n',
      '客',
      '\u0000',
    ]
    const tricky = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(tricky, tricky, (key, content) => {
        const text = `{${JSON.stringify(`k${key}`)}:${JSON.stringify(content)},"MsgId":22876340532172987}`
        const fields = parseJson(text)
        expect(fields[`k${key}`]).toBe(content)
        expect(fields['MsgId']).toBe('22876340532172987')
      }),
      { numRuns: runs(2000) },
    )
  })

  it.each([
    '',
    ' ',
    '{',
    '{"a":',
    '{"a":"b',
    '{"a":01}',
    "{'a':1}",
    '{"a":1}x',
    '\uFEFF{}',
    'null',
    '"text"',
    '12345678901234567',
    '[{"MsgType":"text"}]',
    '{"a":undefined}',
    '{"a":12345678901234567',
    '{"a":"12345678901234567',
  ])('refuses %j', (text) => {
    expect(refusal(() => parseJson(text))).toBe('DecodeError format')
  })

  it.each<[string, string]>([
    ['a\u0014b', 'a\uFFFDb'],
    ['a\u001bb', 'a\uFFFDb'],
    ['a\u0000b', 'a\uFFFDb'],
    ['a\tb', 'a\tb'],
    ['a\nb', 'a\nb'],
    ['a\r\nb', 'a\r\nb'],
    ['\\"\u0014\\\\', '"\uFFFD\\'],
    ['\u007f\u2028', '\u007f\u2028'],
  ])('reads the control characters that stand raw in a text: %j', (raw, content) => {
    expect(parseJson(`{\n"Content":"${raw}",\r\n\t"MsgId":22876340532172987 }`)).toEqual({
      Content: content,
      MsgId: '22876340532172987',
    })
  })

  it('reads no more than those: what is no JSON without them stays none', () => {
    for (const text of ['{"a":"\u0014}', '{"a":"\\\n"}', '{\u0014"a":1}', '{"a":"\u0014",}'])
      expect(
        refusal(() => parseJson(text)),
        JSON.stringify(text),
      ).toBe('DecodeError format')
  })

  it('reads a text with raw control characters as it would read it with them written out', () => {
    const unit = fc.constantFrom('"', '\\', '\n', '\t', '\r', '\u0001', '\u001f', '客', '{', ':', ',')
    fc.assert(
      fc.property(fc.string({ unit }), (content) => {
        const written = JSON.stringify(content)
        const raw = written.replace(
          /\\(?:u00([01][0-9a-f])|([ntr])|.)/g,
          (whole, code?: string, short?: string) =>
            code !== undefined
              ? String.fromCharCode(Number.parseInt(code, 16))
              : short !== undefined
                ? ({ n: '\n', t: '\t', r: '\r' }[short] ?? whole)
                : whole,
        )
        const kept = content.replace(/[\u0001\u001f]/g, '\uFFFD')
        expect(parseJson(`{"Content":${raw}}`)).toEqual({ Content: raw === written ? content : kept })
      }),
      { numRuns: runs(2000) },
    )
  })

  it('refuses what is nested deeper than any push, so that what it gives can be written out again', () => {
    const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
    expect(parseJson(nested(16))).toEqual(JSON.parse(nested(16)))
    expect(refusal(() => parseJson(nested(17)))).toBe('DecodeError format')
    expect(refusal(() => parseJson(`{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`))).toBe(
      'DecodeError format',
    )
  })

  it('takes __proto__ and constructor for names like any other', () => {
    const fields = parseJson('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')
    expect(Object.keys(fields)).toEqual(['__proto__', 'constructor'])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(fields['polluted']).toBeUndefined()
  })

  it('says nothing of what was in it', () => {
    try {
      parseJson('{"Content":"my secret",}')
      expect.unreachable()
    } catch (error) {
      expect(String(error)).not.toContain('secret')
    }
  })
})

describe('stringifyJson', () => {
  it.each([
    ['22876340532172987', '{"MsgId":22876340532172987}'],
    ['0', '{"MsgId":0}'],
    ['007', '{"MsgId":"007"}'],
    ['49d72d67_1555684067', '{"MsgId":"49d72d67_1555684067"}'],
    ['', '{"MsgId":""}'],
  ])('writes the MsgId %j as a number where JSON has one', (msgId, text) => {
    expect(stringifyJson({ MsgId: msgId })).toBe(text)
    expect(String(parseJson(text)['MsgId'])).toBe(msgId)
  })

  it('does not touch a text that looks like one', () => {
    const fields = { Content: '","MsgId":"22876340532172986",', MsgId: '22876340532172987' }
    expect(parseJson(stringifyJson(fields))).toEqual(fields)
  })

  it('writes real characters, no escapes for them', () => {
    expect(stringifyJson({ Content: '客服👋 <a>' })).toBe('{"Content":"客服👋 <a>"}')
  })
})
