import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../errors.js'
import { SecretBox } from './secret-box.js'

const box = new SecretBox(randomBytes(32))

describe('a secret box', () => {
  it('gives back what was sealed, whatever it is', () => {
    for (const text of ['', 'secret', '密钥 🔑', 'x'.repeat(100_000)])
      expect(box.decrypt(box.encrypt(text, 'token of wx1'), 'token of wx1')).toBe(text)
  })

  it('shows nothing of it, and never seals twice the same', () => {
    const [one, two] = [box.encrypt('planted', 'p'), box.encrypt('planted', 'p')]
    expect(one).not.toBe(two)
    expect(one).not.toContain('planted')
    expect(Buffer.from(one.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain('planted')
  })

  it('does not open for another purpose, so that a sealed text can’t be moved elsewhere', () => {
    const sealed = box.encrypt('planted', 'token of wx1')
    expect(() => box.decrypt(sealed, 'token of wx2')).toThrow(ConfigError)
  })

  it('does not open when any of it was changed', () => {
    const sealed = box.encrypt('planted', 'p')
    const start = sealed.lastIndexOf('.') + 1
    for (let i = start; i < sealed.length; i++) {
      const changed = `${sealed.slice(0, i)}${sealed[i] === 'A' ? 'B' : 'A'}${sealed.slice(i + 1)}`
      // The last character of base64 may differ in bits that mean nothing.
      if (
        Buffer.from(changed.slice(start), 'base64url').equals(Buffer.from(sealed.slice(start), 'base64url'))
      )
        continue
      expect(() => box.decrypt(changed, 'p')).toThrow(/was changed or belongs elsewhere/)
    }
  })

  it.each(['', 'v1', 'v1.x', 'v2.a.b', 'planted', 'v1..'])(
    'does not open %j, and does not repeat it',
    (text) => {
      const failure = (): string => box.decrypt(text, 'p')
      expect(failure).toThrow(ConfigError)
      expect(failure).not.toThrow(/planted/)
    },
  )

  it('says that another key is needed, without a word about the keys', () => {
    const key = randomBytes(32)
    const sealed = new SecretBox(key).encrypt('planted', 'token of wx1')
    expect(() => box.decrypt(sealed, 'token of wx1')).toThrow(
      /token of wx1 was sealed with another key.*KEFU_SECRET_KEY/,
    )
    expect(sealed).not.toContain(key.toString('base64url').slice(0, 8))
  })

  it('needs 32 bytes', () => {
    expect(() => new SecretBox(randomBytes(16))).toThrow(ConfigError)
  })
})
