import { createApp } from 'vue'
import { expect, it } from 'vitest'
import { storeKey } from './store-key.js'

it('gives the store that is provided, and says which one is missing', () => {
  const [key, useNumber] = storeKey<number>('number')
  const app = createApp({})
  expect(() => app.runWithContext(useNumber)).toThrow('provides "number"')
  // Zero and null are stores, too.
  app.provide(key, 0)
  expect(app.runWithContext(useNumber)).toBe(0)
})
