import { expect, it } from 'vitest'
import { limits } from '../src/wechat/index.js'
import { composerLimits } from '../web/desk/text/composer-limits.js'

// Pages import only types from src/, so what they count with is written there once more.
it('the desk’s composer counts with the platform’s numbers', () => {
  expect(composerLimits.textBytes).toBe(limits.textBytes)
  expect(composerLimits.imageBytes).toBe(limits.imageBytes)
})
