import { describe, expect, it } from 'vitest'
import {
  decode,
  encode,
  formats,
  head,
  keyless,
  now,
  secrets,
  text,
  ways,
} from '../../test/support/encoded-pushes.js'
import { refusal } from '../../test/support/refusal.js'
import { decodeAESKey, encrypt } from './crypto.js'
import { limits } from './limits.js'
import { decodePush, verifyUrl, type Mode, type PushQuery } from './push.js'
import { sign } from './signature.js'

describe('decodePush refuses', () => {
  const refused = (
    push: { body: string | Uint8Array; query: PushQuery },
    mode: Mode = 'secure',
    at = now,
  ): string => refusal(() => decode(push, mode, at))
  const good = encode(text('x'))
  const plain = encode(text('x'), 'plain')

  it.each([
    ['secure', 'timestamp'],
    ['secure', 'nonce'],
    ['secure', 'msg_signature'],
    ['compatible', 'timestamp'],
    ['compatible', 'nonce'],
    ['plain', 'timestamp'],
    ['plain', 'nonce'],
    ['plain', 'signature'],
  ] as const)('in %s mode a missing, empty or repeated %s', (mode, name) => {
    const encoded = encode(text('x'), mode)
    const { [name]: value = '', ...rest } = encoded.query
    expect(refused({ ...encoded, query: rest }, mode)).toBe('SignatureError missing')
    expect(refused({ ...encoded, query: { ...rest, [name]: '' } }, mode)).toBe('SignatureError missing')
    expect(refused({ ...encoded, query: { ...rest, [name]: [value] } }, mode)).toBe('SignatureError missing')
    expect(refused({ ...encoded, query: { ...rest, [name]: [value, value] } }, mode)).toBe(
      'SignatureError missing',
    )
    expect(refused({ ...encoded, query: { ...rest, [name]: [] } }, mode)).toBe('SignatureError missing')
    expect(refused({ ...encoded, query: { ...rest, [name]: undefined } }, mode)).toBe(
      'SignatureError missing',
    )
  })

  it('in compatible mode an msg_signature that is empty or repeated, instead of reading the plain fields', () => {
    const encoded = encode(text('x'), 'compatible')
    const value = encoded.query['msg_signature'] ?? ''
    for (const msg_signature of ['', [value, value], []])
      expect(refused({ ...encoded, query: { ...encoded.query, msg_signature } }, 'compatible')).toBe(
        'SignatureError missing',
      )
  })

  it('does not need, and does not believe, the parameters that prove nothing', () => {
    const { timestamp, nonce, msg_signature } = good.query
    expect(refused({ ...good, query: { timestamp, nonce, msg_signature } })).toBe('accepted')
    const query = { ...good.query, signature: 'wrong', openid: 'oSomebodyElse', encrypt_type: 'raw' }
    expect(decode({ ...good, query }).openId).toBe(head.fromUserName)
  })

  it('a wrong signature, of any length', () => {
    for (const wrong of ['0', '0'.repeat(40), '客服', good.query['signature'] ?? '', 'F'.repeat(100_000)]) {
      expect(refused({ ...good, query: { ...good.query, msg_signature: wrong } })).toBe(
        'SignatureError mismatch',
      )
      expect(refused({ ...plain, query: { ...plain.query, signature: wrong } }, 'plain')).toBe(
        wrong === plain.query['signature'] ? 'accepted' : 'SignatureError mismatch',
      )
    }
  })

  it('a signature made with another tenant’s token', () => {
    expect(refusal(() => decodePush(good.body, good.query, { ...secrets, token: 'another' }, now))).toBe(
      'SignatureError mismatch',
    )
    expect(
      refusal(() =>
        decodePush(plain.body, plain.query, { ...secrets, mode: 'plain', token: 'another' }, now),
      ),
    ).toBe('SignatureError mismatch')
  })

  it('another ciphertext under the same signature', () => {
    expect(refused({ ...good, body: encode(text('y')).body })).toBe('SignatureError mismatch')
    for (const Encrypt of ['', ' ', 'AAAA', null, 1, ['x'], { a: 'x' }])
      expect(refused({ ...good, body: JSON.stringify({ Encrypt }) })).toMatch(
        /^SignatureError (mismatch|plaintext)$/,
      )
  })

  it('in secure mode a push in plain text, though its own signature is right', () => {
    for (const format of formats)
      expect(refused(encode(text('x'), 'plain', { format }), 'secure')).toBe('SignatureError plaintext')
  })

  it('a push in plain text where no mode is configured, which is secure mode', () => {
    expect(refusal(() => decodePush(plain.body, plain.query, secrets, now))).toBe('SignatureError plaintext')
  })

  it('in secure mode a plain push that borrows an encrypted one’s msg_signature', () => {
    expect(refused({ body: plain.body, query: good.query })).toBe('SignatureError plaintext')
  })

  it('but not in compatible mode, where WeChat may send either', () => {
    for (const format of formats) {
      expect(decode(encode(text('x'), 'plain', { format }), 'compatible').encrypted).toBe(false)
      expect(decode(encode(text('x'), 'compatible', { format }), 'compatible').encrypted).toBe(true)
      expect(decode(encode(text('x'), 'secure', { format }), 'compatible').encrypted).toBe(true)
    }
  })

  it('reads the plain fields in plain mode, of a push in compatible mode too', () => {
    expect(decode(encode(text('x'), 'compatible'), 'plain')).toMatchObject({
      encrypted: false,
      payload: { content: 'x' },
    })
  })

  it('opens an encrypted push in plain mode where it has the key, and says so where it has not', () => {
    expect(decode(good, 'plain')).toMatchObject({ encrypted: true, payload: { content: 'x' } })
    expect(refusal(() => decodePush(good.body, good.query, { ...keyless, mode: 'plain' }, now))).toBe(
      'DecodeError key',
    )
    expect(refusal(() => decodePush(good.body, good.query, { ...keyless, mode: 'compatible' }, now))).toBe(
      'DecodeError key',
    )
    const query = { ...good.query, msg_signature: undefined }
    expect(refused({ ...good, query }, 'plain')).toBe('SignatureError missing')
    expect(refused({ ...good, query: { ...good.query, msg_signature: '0'.repeat(40) } }, 'plain')).toBe(
      'SignatureError mismatch',
    )
  })

  it('reads a mode that is misspelt as the strictest', () => {
    const mode = 'Plain' as Mode
    expect(refused(plain, mode)).toBe('SignatureError plaintext')
    expect(decode(good, mode).payload).toMatchObject({ content: 'x' })
  })

  it.each([
    ['601 s old', 601, 'SignatureError stale'],
    ['600 s old', 600, 'accepted'],
    ['600 s ahead', -600, 'accepted'],
    ['601 s ahead', -601, 'SignatureError stale'],
    ['11 minutes old', 660, 'SignatureError stale'],
  ])('a timestamp by its age: %s', (_what, age, outcome) => {
    expect(refused(good, 'secure', now + age * 1000)).toBe(outcome)
    expect(refused(plain, 'plain', now + age * 1000)).toBe(outcome)
    expect(refused(plain, 'compatible', now + age * 1000)).toBe(outcome)
    const query = { ...plain.query, echostr: '1' }
    expect(refusal(() => verifyUrl(query, secrets, now + age * 1000))).toBe(outcome)
  })

  it('by the age that is configured, none where that is 0', () => {
    const at = (maxAgeSeconds: number, age: number): string =>
      refusal(() => decodePush(good.body, good.query, { ...secrets, maxAgeSeconds }, now + age * 1000))
    expect(at(5, 5)).toBe('accepted')
    expect(at(5, 6)).toBe('SignatureError stale')
    expect(at(0, 1e9)).toBe('accepted')
    expect(at(Infinity, 1e9)).toBe('accepted')
    expect(at(NaN, 0)).toBe('SignatureError stale')
  })

  it.each(['soon', '1714112445x', '-', '1e999', 'NaN', '１７１４１１２４４５', '1714112445.5.5', '0x'])(
    'a timestamp that is no number, though signed: %j',
    (odd) => {
      const encrypted = encrypt('{}', decodeAESKey(secrets.encodingAESKey), secrets.appId)
      const query = { timestamp: odd, nonce: '1', msg_signature: sign(secrets.token, odd, '1', encrypted) }
      expect(refused({ body: JSON.stringify({ Encrypt: encrypted }), query })).toBe('SignatureError stale')
    },
  )

  it('says how old a push is, or that its timestamp is no number', () => {
    expect(() => decode(good, 'secure', now + 3600_000)).toThrow('3600 s old')
    expect(() => decode(good, 'secure', now - 3600_000)).toThrow('3600 s ahead of our clock')
    const query = { timestamp: 'soon', nonce: '1', signature: sign(secrets.token, 'soon', '1') }
    expect(() => decode({ body: '{}', query }, 'plain')).toThrow('not a number')
  })

  it('checks the signature before the age, so that a stranger learns nothing of our clock', () => {
    expect(refused({ ...good, query: { ...good.query, msg_signature: '0' } }, 'secure', now * 2)).toBe(
      'SignatureError mismatch',
    )
  })

  it('another Mini Program’s push under the same token and key', () => {
    expect(
      refusal(() => decodePush(good.body, good.query, { ...secrets, appId: 'wx0000000000000000' }, now)),
    ).toBe('DecodeError app_id')
    expect(
      refusal(() => decodePush(good.body, good.query, { ...secrets, appId: `${secrets.appId} ` }, now)),
    ).toBe('DecodeError app_id')
  })

  it('a push encrypted with another key', () => {
    const other = { ...secrets, encodingAESKey: 'A'.repeat(43) }
    expect(refusal(() => decodePush(good.body, good.query, other, now))).toBe('DecodeError decrypt')
  })

  it('until the signature is checked, what can’t be read as not signed', () => {
    for (const body of [
      '',
      'x',
      '{',
      '<xml>',
      '<!DOCTYPE xml><xml/>',
      '[]',
      'null',
      '\uFEFF{}',
      Buffer.from('{"Encrypt":"x"}', 'utf16le'),
    ])
      expect(refused({ body, query: good.query })).toBe('SignatureError mismatch')
  })

  it('UTF-16 and byte order marks, in every mode', () => {
    for (const { mode, format } of ways) {
      const encoded = encode(text('x'), mode, { format })
      // In plain mode it is signed: what of it can't be read is kept all the same.
      const outcome = mode === 'plain' ? 'accepted' : 'SignatureError mismatch'
      for (const body of [
        Buffer.from(encoded.body, 'utf16le'),
        Buffer.from(`\uFEFF${encoded.body}`, 'utf16le'),
        Buffer.from(encoded.body, 'utf16le').swap16(),
        `\uFEFF${encoded.body}`,
      ])
        expect(refused({ ...encoded, body }, mode)).toBe(outcome)
    }
  })

  it('more than 64 KiB, counted in bytes, before it looks at anything else', () => {
    expect(refused({ body: 'x'.repeat(limits.pushBytes + 1), query: {} })).toBe('DecodeError too_large')
    expect(refused({ body: Buffer.alloc(limits.pushBytes + 1), query: {} })).toBe('DecodeError too_large')
    expect(refused({ body: '客'.repeat(limits.pushBytes / 3 + 1), query: {} })).toBe('DecodeError too_large')
    expect(refused({ body: 'x'.repeat(limits.pushBytes), query: {} })).toBe('SignatureError missing')
    const room = limits.pushBytes - Buffer.byteLength(encode(text(''), 'plain').body)
    expect(refused(encode(text('x'.repeat(room)), 'plain'), 'plain')).toBe('accepted')
    expect(refused(encode(text('x'.repeat(room + 1)), 'plain'), 'plain')).toBe('DecodeError too_large')
  })
})
