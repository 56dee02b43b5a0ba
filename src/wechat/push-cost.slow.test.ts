// First, so that what it counts is compiled after it.
import { isLinear, steps } from '../../test/support/steps.js'
import { describe, expect, it } from 'vitest'
import { decode, encode, enter, now, secrets } from '../../test/support/encoded-pushes.js'
import { refusal } from '../../test/support/refusal.js'
import { decodeAESKey, decrypt } from './crypto.js'
import { parseJson } from './json.js'
import { limits } from './limits.js'
import { splitText } from './text.js'
import { decodePush, type Format } from './push.js'
import { parseXml } from './xml.js'

/** Blocks run and characters searched for each character: what can't be read is gone through again for what is certain. */
const MAX_STEPS = 64

interface Shape {
  /** A body of about this many characters. */
  readonly of: (size: number) => string
  /** Whether it can be read; what can't is kept as it came. */
  readonly outcome: 'read' | 'unreadable'
}

const fill = (unit: string, size: number): string => unit.repeat(Math.ceil(size / unit.length))
const head = '<MsgType>text</MsgType><FromUserName>o1</FromUserName>'
const content = (inner: string): string => `<xml>${head}<Content>${inner}</Content></xml>`
const unreadable = (of: Shape['of']): Shape => ({ of, outcome: 'unreadable' })
const read = (of: Shape['of']): Shape => ({ of, outcome: 'read' })

const numbered = (size: number, one: (i: number) => string): string => {
  let out = ''
  for (let i = 0; out.length < size; i++) out += one(i)
  return out
}

const xmlShapes: Record<string, Shape> = {
  'billion laughs': unreadable(
    (size) =>
      `<!DOCTYPE xml [<!ENTITY l0 "lol">${numbered(size, (i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`)}]>${content('&l9;')}`,
  ),
  'quadratic blow-up': unreadable(
    (size) => `<!DOCTYPE xml [<!ENTITY a "${fill('a', size / 2)}">]>${content(fill('&a;', size / 2))}`,
  ),
  'an external entity': unreadable(
    (size) => `<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>${content(fill('&a;', size))}`,
  ),
  'DOCTYPE again and again': unreadable((size) => fill('<!DOCTYPE xml>', size)),
  'a DOCTYPE without end': unreadable((size) => `<!DOCTYPE ${fill('[', size)}`),
  'ENTITY again and again': unreadable((size) => content(fill('<!ENTITY a "b">', size))),
  'character references': read((size) => content(fill('&#65;', size))),
  'named references': read((size) => content(fill('&amp;', size))),
  'a reference without end': unreadable((size) => content(`&#${fill('6', size)}`)),
  'deep nesting': unreadable((size) => `<xml>${fill('<a>', size)}`),
  'deep nesting that is closed': unreadable(
    (size) => `<xml>${'<a>'.repeat(size / 7)}${'</a>'.repeat(size / 7)}</xml>`,
  ),
  'one element again and again': read((size) => `<xml>${head}${fill('<a/>', size)}</xml>`),
  'a list of many': read((size) => `<xml>${head}<E>${fill('<List><a>1</a></List>', size)}</E></xml>`),
  'many elements': read((size) => `<xml>${head}${numbered(size, (i) => `<a${i}/>`)}</xml>`),
  'many texts': read((size) => `<xml>${head}${numbered(size, (i) => `<a${i}>1</a${i}>`)}</xml>`),
  'many CDATA sections': read((size) => content(fill('<![CDATA[a]]>', size))),
  'CDATA inside CDATA': read((size) => content(`<![CDATA[${fill('<![CDATA[', size)}]]>`)),
  'a CDATA section without end': unreadable((size) => `<xml><a><![CDATA[${fill('x', size)}`),
  'brackets in CDATA': read((size) => content(`<![CDATA[${fill(']', size)}]]>`)),
  'almost the end of CDATA': read((size) => content(`<![CDATA[${fill(']] >', size)}]]>`)),
  'many attributes': unreadable((size) => `<xml${numbered(size, (i) => ` a${i}="1"`)}>`),
  'a long attribute': unreadable((size) => `<xml a="${fill('x', size)}">`),
  'a long name': unreadable((size) => `<xml><${fill('x', size)}>`),
  'many comments': read((size) => content(fill('<!-- x -->', size))),
  'a comment of hyphens': unreadable((size) => content(`<!--${fill('- ', size)}`)),
  'a processing instruction': unreadable((size) => content(`<?x ${fill('?', size)}`)),
  'less-than signs': unreadable((size) => `<xml>${fill('<', size)}`),
  'ends without a start': unreadable((size) => `<xml>${fill('</a>', size)}`),
  layout: read((size) => `${fill(' \n', size / 2)}${content('x')}${fill('\t', size / 2)}`),
  'control characters': read((size) => content(`<![CDATA[${fill('\u0001\ud800', size)}]]>`)),
  'line ends': read((size) => content(`<![CDATA[${fill('\r\n\r', size)}]]>`)),
  '__proto__ again and again': read((size) => `<xml>${head}${fill('<__proto__>x</__proto__>', size)}</xml>`),
}

const event = (members: string): string =>
  `{"MsgType":"event","Event":"e"${members === '' ? '' : `,${members}`}}`
const jsonShapes: Record<string, Shape> = {
  'escaped quotes': read((size) => event(`"a":"${fill('\\"', size)}","b":12345678901234567`)),
  backslashes: read((size) => event(`"a":"${fill('\\\\', size)}","b":12345678901234567`)),
  'backslashes without end': unreadable((size) => event(`"b":12345678901234567,"a":"${fill('\\', size)}`)),
  quotes: unreadable((size) => `{"b":12345678901234567,${fill('"', size)}`),
  'a string without end': unreadable((size) => `{"b":12345678901234567,"a":"${fill('x', size)}`),
  'escaped quotes without end': unreadable((size) => `{"b":12345678901234567,"a":"${fill('\\"', size)}`),
  'one long number': read((size) => event(`"a":${fill('1', size)}`)),
  'one long number that goes on': unreadable((size) => event(`"a":${fill('1', size)}x`)),
  'points and exponents': unreadable((size) => event(`"a":${fill('1.e+-', size)}`)),
  'many long numbers': read((size) => event(`"a":[${fill('12345678901234567,', size)}1]`)),
  'many runs of almost enough digits': read((size) => event(`"a":"${fill('123456789012345 ', size)}"`)),
  'many strings of digits': read((size) => event(`"a":[${fill('"12345678901234567",', size)}1]`)),
  'many keys': read((size) => event(numbered(size, (i) => `"k${i}":12345678901234567,`).slice(0, -1))),
  'one key again and again': read((size) => event(`${fill('"a":1,', size)}"b":2`)),
  '__proto__ again and again': read((size) => event(`${fill('"__proto__":{"a":1},', size)}"b":2`)),
  'deep arrays': unreadable((size) => event(`"a":${'['.repeat(size / 2)}${']'.repeat(size / 2)}`)),
  'deep arrays without end': unreadable((size) => `{"a":${fill('[', size)}`),
  'deep objects': unreadable((size) => `${fill('{"a":', size)}1`),
  layout: read((size) => `${fill(' \n', size / 2)}${event('')}${fill('\t', size / 2)}`),
  'layout alone': unreadable((size) => fill('\n', size)),
  'a wide list': read((size) => event(`"List":[${fill('{},', size)}{}]`)),
}

describe.each<[Format, Record<string, Shape>, (text: string) => unknown]>([
  ['xml', xmlShapes, parseXml],
  ['json', jsonShapes, parseJson],
])('hostile %s', (format, shapes, parse) => {
  const { query } = encode(enter, 'plain', { format })
  const plain = { ...secrets, mode: 'plain' as const }

  it.each(Object.entries(shapes))(
    '%s: is what it should be, and costs a bounded number of steps a character at the size that is read',
    (_name, shape) => {
      // Room for what stands around the filling, and for characters of several bytes.
      const body = shape.of(limits.pushBytes / 2.5 - 400)
      const act = (): string => (decodePush(body, query, plain, now).unreadable ? 'unreadable' : 'read')
      expect(act()).toBe(shape.outcome)
      expect(steps(act)).toBeLessThan(MAX_STEPS * body.length)
    },
  )

  it.each(Object.entries(shapes))(
    '%s: costs as much more as it is longer, not the square',
    (_name, shape) => {
      const act = (size: number) => {
        const text = shape.of(size).trimStart()
        return () => refusal(() => parse(text))
      }
      expect(isLinear(act, 16_000)).toBe(true)
    },
  )
})

describe('hostile ciphertexts', () => {
  const key = decodeAESKey(secrets.encodingAESKey)
  const shapes: Record<string, (size: number) => string> = {
    'long base64': (size) => 'A'.repeat(size),
    'base64 that ends in junk': (size) => `${'A'.repeat(size - 1)}!`,
    'equals signs': (size) => '='.repeat(size),
    blanks: (size) => ' '.repeat(size),
    'a right ciphertext, very long': (size) => Buffer.alloc(size * 0.75).toString('base64'),
  }

  it.each(Object.entries(shapes))('%s: cost no more than their length', (_name, of) => {
    const act = (size: number) => {
      const encrypted = of(size)
      return () => refusal(() => decrypt(encrypted, key))
    }
    expect(act(64_000)()).toBe('DecodeError decrypt')
    expect(isLinear(act, 64_000)).toBe(true)
  })

  it.each(Object.entries(shapes))('%s: are refused unsigned, within what is read', (_name, of) => {
    const body = JSON.stringify({ Encrypt: of(64_000) })
    const act = (): string => refusal(() => decode({ body, query: encode(enter).query }))
    expect(act()).toBe('SignatureError mismatch')
    expect(steps(act)).toBeLessThan(MAX_STEPS * body.length)
  })
})

describe('splitText', () => {
  it.each(['<a ', '<a x>', '</a>', '字。', '\n', 'x', '!\ufe0f', 'e\u0301', '\u0301'])(
    'costs no more than its length: %j',
    (unit) => {
      const act = (size: number) => {
        const text = fill(unit, size)
        return () => splitText(text)
      }
      expect(isLinear(act, 4_000)).toBe(true)
    },
  )
})
