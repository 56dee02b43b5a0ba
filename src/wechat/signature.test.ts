import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encryptedVectors, signatureVectors } from '../../test/fixtures/vectors.js'
import { sign, verifySignature } from './signature.js'

describe('sign', () => {
  it.each(signatureVectors)('gives the published signature of $id', (vector) => {
    expect(sign(vector.token, vector.timestamp, vector.nonce)).toBe(vector.signature)
  })

  it.each(encryptedVectors)('gives the published msg_signature of $id', (vector) => {
    expect(sign(vector.token, vector.timestamp, vector.nonce, vector.encrypt)).toBe(vector.msgSignature)
  })

  it.each(encryptedVectors.filter((vector) => vector.signature !== undefined))(
    'gives the published signature of $id, which leaves the ciphertext out',
    (vector) => {
      expect(sign(vector.token, vector.timestamp, vector.nonce)).toBe(vector.signature)
    },
  )

  it('does not depend on the order of its parts', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 4 }), (parts) => {
        expect(sign(...parts.toReversed())).toBe(sign(...parts))
      }),
    )
  })

  it('sorts by bytes, so that capitals come before small letters and digits before both', () => {
    expect(sign('b', 'B', '1')).toBe(sign('1Bb'))
  })
})

describe('verifySignature', () => {
  const right = sign('token', '1714112445', '415670741')

  it('accepts the right signature alone', () => {
    expect(verifySignature(right, 'token', '1714112445', '415670741')).toBe(true)
    for (const wrong of [
      '',
      right.slice(1),
      `${right}0`,
      right.toUpperCase(),
      ` ${right.slice(1)}`,
      '客'.repeat(40),
    ])
      expect(verifySignature(wrong, 'token', '1714112445', '415670741'), wrong).toBe(false)
  })

  it('refuses it with any one bit changed', () => {
    for (let bit = 0; bit < right.length * 8; bit++) {
      const bytes = Buffer.from(right)
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      expect(verifySignature(bytes.toString('latin1'), 'token', '1714112445', '415670741')).toBe(false)
    }
  })

  it('compares by timingSafeEqual, and nothing else in the layer compares a signature', () => {
    const source = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8')
    expect(source('signature.ts')).toContain('timingSafeEqual(other, right)')
    for (const file of ['push.ts', 'answer.ts']) {
      expect(source(file)).toContain('verifySignature(')
      expect(source(file)).not.toMatch(/sign(ature)?\([^)]*\)\s*[!=]==|[!=]==\s*sign(ature)?\(/i)
    }
  })
})
