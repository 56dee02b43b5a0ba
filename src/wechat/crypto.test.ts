import { createCipheriv, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encryptedVectors } from '../../test/fixtures/vectors.js'
import { refusal } from '../../test/support/refusal.js'
import { ConfigError, DecodeError } from '../errors.js'
import { decodeAESKey, decrypt, encrypt } from './crypto.js'

const key = decodeAESKey('abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG')
const appId = 'wx2c2769f8efd9abc2'

/** Encrypts bytes as they are, with whatever stands for a padding already at their end. */
function encryptRaw(plain: Uint8Array): string {
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  return Buffer.concat([cipher.update(plain), cipher.final()]).toString('base64')
}

/** random, length, message, appid: what stands before the padding. */
function unpadded(message: string, length = Buffer.byteLength(message)): Buffer {
  const head = Buffer.alloc(20, 'r')
  head.writeUInt32BE(length, 16)
  return Buffer.concat([head, Buffer.from(message), Buffer.from(appId)])
}

describe('decodeAESKey', () => {
  it('gives 32 bytes', () => {
    expect(key).toHaveLength(32)
  })

  it('takes a key whose last character has spare bits, as WeChat’s generator makes them', () => {
    expect(decodeAESKey(`${'A'.repeat(42)}C`)).toHaveLength(32)
  })

  it.each([
    ['', '0 characters'],
    ['A'.repeat(42), '42 characters'],
    ['A'.repeat(44), '44 characters'],
    [`${'A'.repeat(43)}\n`, '44 characters'],
    [`${'A'.repeat(42)}=`, '43 characters, some of them not allowed'],
    [`${'A'.repeat(42)}-`, '43 characters, some of them not allowed'],
    [` ${'A'.repeat(42)}`, '43 characters, some of them not allowed'],
  ])('refuses %j and says why', (bad, why) => {
    expect(() => decodeAESKey(bad)).toThrow(ConfigError)
    expect(() => decodeAESKey(bad)).toThrow(why)
  })
})

describe('encrypt and decrypt', () => {
  it.each(encryptedVectors)('decrypts $id to its plaintext and appid', (vector) => {
    const { message, appId } = decrypt(vector.encrypt, decodeAESKey(vector.encodingAESKey))
    expect(message.toString()).toBe(vector.plaintext)
    expect(appId).toBe(vector.appId)
  })

  it.each(encryptedVectors)('encrypts $id to its ciphertext', (vector) => {
    const { encodingAESKey, plaintext, appId, random, encrypt: ciphertext } = vector
    expect(encrypt(plaintext, decodeAESKey(encodingAESKey), appId, Buffer.from(random))).toBe(ciphertext)
  })

  it('gives back any message and any appid, of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'binary' }), (message, appId) => {
        const read = decrypt(encrypt(message, key, appId), key)
        expect(new Uint8Array(read.message)).toEqual(message)
        expect(read.appId).toBe(appId)
      }),
    )
  })

  it('pads by 1 to 32 bytes, by 32 where the length is a multiple of 32 already', () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Buffer.from(encrypt('x'.repeat(length), key, appId), 'base64')
      expect(bytes.length).toBe((Math.floor((20 + length + appId.length) / 32) + 1) * 32)
    }
  })

  it('encrypts one message differently each time', () => {
    expect(encrypt('x', key, appId)).not.toBe(encrypt('x', key, appId))
  })

  it('counts the message’s length in bytes', () => {
    expect(decrypt(encrypt('客服👋', key, appId), key)).toEqual({ message: Buffer.from('客服👋'), appId })
  })
})

describe('decrypt', () => {
  const refused = (encrypted: string): string => refusal(() => decrypt(encrypted, key))

  it('reads each right padding', () => {
    for (let padding = 1; padding <= 32; padding++) {
      const message = 'm'.repeat(64 - 20 - appId.length - padding + 32)
      const plain = Buffer.concat([unpadded(message), Buffer.alloc(padding, padding)])
      expect(decrypt(encryptRaw(plain), key).message.toString()).toBe(message)
    }
  })

  it('refuses each padding in which one byte is wrong', () => {
    for (let padding = 1; padding <= 32; padding++) {
      const message = 'm'.repeat(64 - 20 - appId.length - padding + 32)
      const plain = Buffer.concat([unpadded(message), Buffer.alloc(padding, padding)])
      for (let wrong = plain.length - padding; wrong < plain.length - 1; wrong++) {
        for (const flip of [1, 0x80, padding]) {
          const bad = Buffer.from(plain)
          bad[wrong]! ^= flip
          expect(refused(encryptRaw(bad)), `byte ${wrong} of ${padding}`).toBe('DecodeError decrypt')
        }
      }
    }
  })

  it('refuses a last byte of 0, and of 33 and more, whatever stands before it', () => {
    for (const padding of [0, ...Array.from({ length: 223 }, (_, i) => 33 + i)]) {
      const plain = Buffer.alloc(320, padding)
      unpadded('message').copy(plain)
      expect(refused(encryptRaw(plain)), String(padding)).toBe('DecodeError decrypt')
    }
  })

  it('refuses a length that reaches beyond the end, also into the padding, also one that would be negative', () => {
    const sealed = (length: number): string => {
      const head = unpadded('message', length)
      const padding = 32 - (head.length % 32)
      return encryptRaw(Buffer.concat([head, Buffer.alloc(padding, padding)]))
    }
    const most = 'message'.length + appId.length
    expect(refused(sealed(most))).toBe('accepted')
    for (const length of [most + 1, most + 10, 100, 0x7fffffff, 0x80000000, 0xffffffff])
      expect(refused(sealed(length)), String(length)).toBe('DecodeError decrypt')
  })

  it('refuses what is a multiple of AES’s block and not of WeChat’s', () => {
    const plain = Buffer.concat([unpadded(''), Buffer.alloc(10, 10)])
    expect(plain).toHaveLength(48)
    expect(refused(encryptRaw(plain))).toBe('DecodeError decrypt')
  })

  it('refuses what is too short to hold a header', () => {
    expect(refused(encryptRaw(Buffer.alloc(32, 32)))).toBe('DecodeError decrypt')
    expect(refused(encryptRaw(Buffer.concat([Buffer.alloc(19), Buffer.alloc(13, 13)])))).toBe(
      'DecodeError decrypt',
    )
  })

  it('reads an empty message and an empty appid', () => {
    const plain = Buffer.concat([Buffer.alloc(20), Buffer.alloc(12, 12)])
    expect(decrypt(encryptRaw(plain), key)).toEqual({ message: Buffer.alloc(0), appId: '' })
  })

  it('refuses base64 with anything else in it', () => {
    const good = encrypt('message', key, appId)
    for (const bad of [
      '',
      '=',
      '====',
      'AAAA',
      good.slice(1),
      `${good}=`,
      `${good}\n`,
      ` ${good}`,
      good.replace(/.{8}/, '$&\n'),
      good.replaceAll('+', '-').replaceAll('/', '_').replace(/^./, '_'),
      good.replace(/^./, '=').slice(0, good.length),
      good.replace(/^./, '\u0000'),
      good.replace(/^./, '客'),
      good + good.slice(0, 4),
      Buffer.from(good, 'base64').subarray(16).toString('base64'),
    ])
      expect(refused(bad), JSON.stringify(bad)).toBe('DecodeError decrypt')
  })

  it('says the same of every way to be unreadable, so that it tells nothing about the padding', () => {
    const texts = new Set<string>()
    const bodies = [
      'A',
      'AAAA',
      encryptRaw(Buffer.alloc(64, 0)),
      encryptRaw(Buffer.alloc(64, 33)),
      encryptRaw(Buffer.concat([Buffer.alloc(63, 1), Buffer.from([2])])),
      encryptRaw(Buffer.alloc(32, 32)),
      encrypt('message', randomBytes(32), appId),
    ]
    for (const body of bodies) {
      try {
        decrypt(body, key)
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError)
        texts.add(String(error))
      }
    }
    expect(texts.size).toBe(1)
  })

  it('with another key gives no one’s appid', () => {
    for (let i = 0; i < 2000; i++) {
      const encrypted = encrypt('{"MsgType":"text"}', randomBytes(32), appId)
      let read = ''
      try {
        read = decrypt(encrypted, key).appId
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError)
      }
      expect(read).not.toBe(appId)
    }
  })
})
