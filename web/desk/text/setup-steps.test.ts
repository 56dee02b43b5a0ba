import { expect, it } from 'vitest'
import { stepsDone } from './setup-steps.js'

it('counts what WeChat has shown: the account, the address, the first message', () => {
  expect(stepsDone({ verifiedAt: null, arrived: null })).toBe(1)
  expect(stepsDone({ verifiedAt: 1, arrived: null })).toBe(3)
  expect(stepsDone({ verifiedAt: null, arrived: { at: 1, conversationId: null } })).toBe(4)
})
