import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeSecretKey, parseSecretKey, readSecretKey } from './secret-key.js'

let directory: string
let file: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kefu-key-'))
  file = join(directory, 'data', 'secret.key')
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

describe('a secret key', () => {
  it('is read in hex and in base64, with the signs of either alphabet', () => {
    for (let i = 0; i < 200; i++) {
      const key = randomBytes(32)
      const base64 = key.toString('base64')
      for (const text of [key.toString('hex'), base64, base64.slice(0, 43), key.toString('base64url')])
        expect(parseSecretKey(text)).toEqual(key)
    }
  })

  it.each(['', 'passphrase', 'a'.repeat(42), 'a'.repeat(45), 'g'.repeat(64), `${'a'.repeat(42)} `])(
    'is not %j',
    (text) => {
      expect(parseSecretKey(text)).toBeUndefined()
    },
  )

  it('is made once, for its owner alone', async () => {
    expect(await readSecretKey(file)).toBeUndefined()
    const key = await makeSecretKey(file)
    expect(key).toHaveLength(32)
    expect(await readSecretKey(file)).toEqual(key)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(directory, 'data')).mode & 0o777).toBe(0o700)
  })

  it('is the same for all who make it at once, and they leave nothing else behind', async () => {
    const keys = await Promise.all(Array.from({ length: 10 }, () => makeSecretKey(file)))
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1)
    expect(readdirSync(join(directory, 'data'))).toEqual(['secret.key'])
  })

  it('that can’t be read is told without what is there', async () => {
    await makeSecretKey(file)
    writeFileSync(file, 'planted, cut sho')
    await expect(readSecretKey(file)).rejects.toThrow(/holds no key.*Put it back from a copy/)
    await expect(readSecretKey(file)).rejects.not.toThrow(/planted/)
    expect(readFileSync(file, 'utf8')).toBe('planted, cut sho')
  })
})
