import { describe, expect, it } from 'vitest'
import { encode, enter, modes, now, secrets } from '../../test/support/encoded-pushes.js'
import { refusal } from '../../test/support/refusal.js'
import { checkPushSecrets, verifyUrl, type Mode, type PushQuery, type PushSecrets } from './push.js'

describe('verifyUrl', () => {
  const query: PushQuery = { ...encode(enter, 'plain').query, echostr: '4375120948345356249' }

  it('gives the echostr as it came, in any mode', () => {
    for (const mode of modes) expect(verifyUrl(query, { ...secrets, mode }, now)).toBe('4375120948345356249')
    expect(verifyUrl({ ...query, echostr: ' <b>客服</b> ' }, secrets, now)).toBe(' <b>客服</b> ')
  })

  it.each(['signature', 'timestamp', 'nonce', 'echostr'])(
    'refuses a missing, empty or repeated %s',
    (name) => {
      for (const value of [undefined, '', ['1'], ['1', '2']])
        expect(refusal(() => verifyUrl({ ...query, [name]: value }, secrets, now))).toBe(
          'SignatureError missing',
        )
    },
  )

  it('refuses another token’s signature, and an msg_signature in its place', () => {
    expect(refusal(() => verifyUrl(query, { ...secrets, token: 'other' }, now))).toBe(
      'SignatureError mismatch',
    )
    const swapped = { ...query, signature: undefined, msg_signature: query['signature'] }
    expect(refusal(() => verifyUrl(swapped, secrets, now))).toBe('SignatureError missing')
  })

  it('refuses an echostr of more than 256 bytes', () => {
    expect(refusal(() => verifyUrl({ ...query, echostr: 'x'.repeat(256) }, secrets, now))).toBe('accepted')
    expect(refusal(() => verifyUrl({ ...query, echostr: 'x'.repeat(257) }, secrets, now))).toBe(
      'DecodeError format',
    )
    expect(refusal(() => verifyUrl({ ...query, echostr: '客'.repeat(86) }, secrets, now))).toBe(
      'DecodeError format',
    )
  })
})

describe('checkPushSecrets', () => {
  it.each<[string, Partial<PushSecrets>]>([
    ['secrets for secure mode', {}],
    ['plain mode without a key', { mode: 'plain', encodingAESKey: undefined }],
    ['an age of 0', { maxAgeSeconds: 0 }],
  ])('accepts %s', (_what, change) => {
    expect(
      refusal(() => {
        checkPushSecrets({ ...secrets, ...change })
      }),
    ).toBe('accepted')
  })

  it.each<[string, Partial<PushSecrets>, string]>([
    ['no appId', { appId: '' }, 'appId'],
    ['no token', { token: '' }, 'token'],
    ['no key', { encodingAESKey: undefined }, 'encodingAESKey is missing and mode is secure'],
    ['an empty key', { encodingAESKey: '' }, 'encodingAESKey is missing and mode is secure'],
    ['no key in compatible mode', { encodingAESKey: undefined, mode: 'compatible' }, 'mode is compatible'],
    ['a short key', { encodingAESKey: 'abc' }, '3 characters'],
    ['a short key, though plain mode needs none', { encodingAESKey: 'abc', mode: 'plain' }, '3 characters'],
    ['a misspelt mode', { mode: 'Secure' as Mode }, '"Secure"'],
    ['an age that is no number', { maxAgeSeconds: NaN }, 'maxAgeSeconds is NaN'],
    ['a negative age', { maxAgeSeconds: -1 }, 'maxAgeSeconds is -1'],
  ])('refuses %s and says so', (_what, change, why) => {
    expect(() => {
      checkPushSecrets({ ...secrets, ...change })
    }).toThrow(why)
    expect(
      refusal(() => {
        checkPushSecrets({ ...secrets, ...change })
      }),
    ).toBe('ConfigError config')
  })

  it('never says a secret', () => {
    const bad = { appId: 'wx1', token: 'the-token', encodingAESKey: 'the-secret-key' }
    try {
      checkPushSecrets(bad)
      expect.unreachable()
    } catch (error) {
      expect(String(error)).not.toMatch(/the-(token|secret)/)
    }
  })
})
