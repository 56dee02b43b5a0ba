import { describe, expect, it } from 'vitest'
import {
  decode,
  encode,
  enter,
  formats,
  modes,
  now,
  secrets,
  text,
  timestamp,
  ways,
} from '../../test/support/encoded-pushes.js'
import { runs } from '../../test/support/property-runs.js'
import { refusal } from '../../test/support/refusal.js'
import { decodePush, type EncodedPush, type Mode, type PushQuery } from './push.js'
import { sign } from './signature.js'

/** A generator of numbers below a bound, the same in each run (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

function flip(bytes: Uint8Array, bit: number): Buffer {
  const flipped = Buffer.from(bytes)
  flipped[bit >> 3]! ^= 1 << (bit & 7)
  return flipped
}

/** Where in an encoded push its ciphertext stands, in bytes. */
function ciphertextOf(body: string): { from: number; to: number } {
  const found = /(?<="Encrypt":"|<Encrypt><!\[CDATA\[)[A-Za-z0-9+/=]+/.exec(body)
  if (!found) throw new Error('no ciphertext')
  const from = Buffer.byteLength(body.slice(0, found.index))
  return { from, to: from + found[0].length }
}

describe('a push with one bit changed', () => {
  /** Flips one bit of the body: the ciphertext's are all refused, any other leaves the push as it was. */
  function checkBodyBit(encoded: EncodedPush, mode: Mode, bit: number): void {
    const body = flip(Buffer.from(encoded.body), bit)
    const { from, to } = ciphertextOf(encoded.body)
    const outcome = refusal(() => decode({ ...encoded, body }, mode))
    if (bit >> 3 >= from && bit >> 3 < to) expect(outcome, `bit ${bit}`).toMatch(/^SignatureError/)
    else if (outcome === 'accepted') expect(decode({ ...encoded, body }, mode)).toEqual(decode(encoded, mode))
    else expect(outcome, `bit ${bit}`).toMatch(/^SignatureError/)
  }

  it.each(formats)('anywhere in its body never passes as another: all bits of one, %s', (format) => {
    const encoded = encode(text('订单 12345 到哪里了?'), 'secure', { format })
    for (let bit = 0; bit < Buffer.byteLength(encoded.body) * 8; bit++) checkBodyBit(encoded, 'secure', bit)
  })

  it('anywhere in its body never passes as another: a sample of many, secure and compatible', () => {
    const next = random(1)
    for (let i = 0; i < 4000; i++) {
      const mode = next(2) === 0 ? 'secure' : 'compatible'
      const incoming = next(3) === 0 ? enter : text('x'.repeat(next(200)), String(next(2 ** 31)))
      const encoded = encode(incoming, mode, {
        format: next(2) === 0 ? 'json' : 'xml',
        nonce: String(next(2 ** 31)),
      })
      checkBodyBit(encoded, mode, next(Buffer.byteLength(encoded.body) * 8))
    }
  })

  it.each(ways)(
    'in signature, timestamp or nonce never passes: all bits, $mode $format',
    ({ mode, format }) => {
      const encoded = encode(text('x'), mode, { format })
      for (const name of [mode === 'plain' ? 'signature' : 'msg_signature', 'timestamp', 'nonce']) {
        const value = Buffer.from(encoded.query[name] ?? '', 'latin1')
        for (let bit = 0; bit < value.length * 8; bit++) {
          const query = { ...encoded.query, [name]: flip(value, bit).toString('latin1') }
          expect(refusal(() => decode({ ...encoded, query }, mode))).toBe('SignatureError mismatch')
        }
      }
    },
  )

  it('of its ciphertext’s bytes, written as base64 again, never passes', () => {
    const encoded = encode(text('x'))
    const { from, to } = ciphertextOf(encoded.body)
    const bytes = Buffer.from(encoded.body.slice(from, to), 'base64')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const body = encoded.body.slice(0, from) + flip(bytes, bit).toString('base64') + encoded.body.slice(to)
      expect(refusal(() => decode({ ...encoded, body }))).toBe('SignatureError mismatch')
    }
  })
})

/** So many in CI, elsewhere a tenth. */
const times = (inCi: number): number => runs(inCi, inCi / 10)

describe('100,000 bodies that nobody meant', () => {
  const words = [
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    '\\',
    '\\u',
    '"MsgId":',
    '"Encrypt":',
    '"Encrypt":"AAAA"',
    '"Content":',
    '12345678901234567',
    '-',
    '.',
    'e9',
    'null',
    'true',
    '"__proto__"',
    '<xml>',
    '</xml>',
    '<Encrypt>',
    '</Encrypt>',
    '<![CDATA[',
    ']]>',
    '<!DOCTYPE xml [',
    '<!ENTITY a "b">',
    '&a;',
    '&#65;',
    '&amp;',
    '<!--',
    '-->',
    '<?xml version="1.0"?>',
    '<a b="c">',
    '<a/>',
    '<__proto__>',
    ' ',
    '\n',
    '\u0000',
    '客',
    '👋',
    '\ud800',
    '\ufeff',
    '<',
    '>',
    '/',
    '=',
    '<xml><Encrypt><![CDATA[',
    ']]></Encrypt></xml>',
    '{"Encrypt":"',
    '"}',
  ]

  function bytes(next: (below: number) => number): Buffer {
    return Buffer.from(Array.from({ length: next(80) }, () => next(256)))
  }
  function sentence(next: (below: number) => number): string {
    return Array.from({ length: next(14) }, () => words[next(words.length)] ?? '').join('')
  }
  function json(next: (below: number) => number, depth = 0): unknown {
    const kind = next(depth > 3 ? 4 : 6)
    if (kind === 0) return next(2 ** 31) * next(2 ** 31)
    if (kind === 1) return sentence(next)
    if (kind === 2) return null
    if (kind === 3) return next(2) === 0
    if (kind === 4) return Array.from({ length: next(4) }, () => json(next, depth + 1))
    return Object.fromEntries(
      Array.from({ length: next(5) }, () => [
        next(3) === 0 ? 'Encrypt' : sentence(next),
        json(next, depth + 1),
      ]),
    )
  }
  function xml(next: (below: number) => number, depth = 0): string {
    const name = next(4) === 0 ? 'Encrypt' : `e${next(20)}`
    const inner =
      next(depth > 4 ? 1 : 2) === 0
        ? `<![CDATA[${sentence(next).replaceAll(']]>', '')}]]>`
        : Array.from({ length: next(4) }, () => xml(next, depth + 1)).join('')
    return depth === 0 ? `<xml>${inner}</xml>` : `<${name}>${inner}</${name}>`
  }
  function mutated(next: (below: number) => number, valid: string): Buffer {
    const body = Buffer.from(valid)
    const at = next(body.length)
    const kind = next(4)
    if (kind === 0) return flip(body, next(body.length * 8))
    if (kind === 1) return body.subarray(0, at)
    if (kind === 2)
      return Buffer.concat([body.subarray(0, at), body.subarray(Math.min(body.length, at + next(20)))])
    return Buffer.concat([body.subarray(0, at), Buffer.from(sentence(next)), body.subarray(at)])
  }
  function anyBody(next: (below: number) => number): string | Buffer {
    const kind = next(4)
    if (kind === 0) return bytes(next)
    if (kind === 1) return sentence(next)
    return kind === 2 ? JSON.stringify(json(next)) : xml(next)
  }

  it('are refused in secure mode under a genuine push’s query: 40,000 random ones', () => {
    const next = random(2)
    const { query } = encode(text('x'))
    for (let i = 0; i < times(40_000); i++) {
      const body = anyBody(next)
      expect(refusal(() => decode({ body, query }))).toMatch(/^SignatureError (mismatch|plaintext)$/)
    }
  })

  it('are refused, or are the genuine push still, where a genuine one was mutated: 20,000', () => {
    const next = random(3)
    const outcomes = new Set<string>()
    for (const { mode, format } of ways.filter((way) => way.mode !== 'plain')) {
      const encoded = encode(text('真的'), mode, { format })
      const genuine = decode(encoded, mode)
      for (let i = 0; i < times(5_000); i++) {
        const body = mutated(next, encoded.body)
        const outcome = refusal(() => {
          expect(decode({ ...encoded, body }, mode)).toEqual(genuine)
        })
        outcomes.add(outcome)
        expect(outcome).toMatch(/^SignatureError (mismatch|plaintext)$|^accepted$/)
      }
    }
    expect(outcomes.size).toBeGreaterThan(1)
  })

  it('are refused where the token is known and the key is not: 10,000 well signed', () => {
    const next = random(4)
    for (let i = 0; i < times(10_000); i++) {
      const encrypted = Buffer.from(Array.from({ length: 32 * (1 + next(5)) }, () => next(256))).toString(
        'base64',
      )
      const query: PushQuery = {
        timestamp: `${timestamp}`,
        nonce: '1',
        msg_signature: sign(secrets.token, `${timestamp}`, '1', encrypted),
      }
      for (const mode of modes) {
        const body =
          next(2) === 0
            ? JSON.stringify({ Encrypt: encrypted })
            : `<xml><Encrypt>${encrypted}</Encrypt></xml>`
        const plainQuery = { ...query, signature: sign(secrets.token, `${timestamp}`, '1') }
        expect(refusal(() => decode({ body, query: plainQuery }, mode))).toMatch(
          /^DecodeError (decrypt|app_id)$/,
        )
      }
    }
  })

  it('are not read in plain mode either unless they name a MsgType, which its signature cannot prevent: 30,000', () => {
    const next = random(5)
    let accepted = 0
    for (const mode of ['plain', 'compatible'] as const)
      for (const format of formats) {
        const encoded = encode(text('x'), 'plain', { format })
        for (let i = 0; i < times(7_500); i++) {
          const body = next(2) === 0 ? anyBody(next) : mutated(next, encoded.body)
          const app = { ...secrets, mode }
          const outcome = refusal(() => {
            const push = decodePush(body, encoded.query, app, now)
            if (push.unreadable) expect(push).toMatchObject({ openId: '', plaintext: body.toString() })
            else expect(body.toString()).toContain('MsgType')
            if (!push.unreadable) accepted += 1
            expect(push.encrypted).toBe(false)
            expect(push.id).toBe(decodePush(body, encoded.query, app, now).id)
            expect(JSON.parse(JSON.stringify(push.payload))).toBeDefined()
          })
          expect(outcome).toMatch(/^accepted$|^SignatureError missing$/)
        }
      }
    expect(accepted).toBeGreaterThan(times(30_000) / 30)
  })
})
