import { expect, it } from 'vitest'
import { randomAppId, randomEncodingAESKey, randomOpenId } from './random.js'

it('an EncodingAESKey is 43 letters and digits that decode strictly to 32 bytes', () => {
  for (let i = 0; i < 200; i++) {
    const key = randomEncodingAESKey()
    expect(key).toMatch(/^[A-Za-z0-9]{43}$/)
    const bytes = atob(`${key}=`)
    expect(bytes).toHaveLength(32)
    expect(btoa(bytes)).toBe(`${key}=`)
  }
})

it('OpenIDs and appids look like WeChat’s and differ', () => {
  expect(randomOpenId()).toMatch(/^o[A-Za-z0-9]{27}$/)
  expect(randomAppId()).toMatch(/^wx[0-9a-f]{16}$/)
  expect(new Set(Array.from({ length: 100 }, randomOpenId)).size).toBe(100)
})
