import { expect, it } from 'vitest'
import { faultInput, faultPresets, faultText, presetNames } from './faults.js'

it('offers each preset once', () => {
  expect([...presetNames].sort()).toEqual(Object.keys(faultPresets).sort())
})

it('narrows an API fault by path and customer, and a push fault by customer only', () => {
  const narrowed = { path: '/cgi-bin/message/custom/send', openId: 'o1', times: 2 }
  expect(faultInput('45015', narrowed)).toEqual({ errcode: 45015, ...narrowed })
  expect(faultInput('duplicate', narrowed)).toEqual({ push: 'duplicate', openId: 'o1', times: 2 })
  expect(faultInput('slow', { path: '', openId: '', times: 1 })).toEqual({ delayMs: 6000, times: 1 })
})

it('says a fault in the words of the API', () => {
  expect(
    faultText({ id: 'f', remaining: 1, times: 3, openId: 'o1', path: '/cgi-bin/token', reset: 'after' }),
  ).toBe('/cgi-bin/token · reset after')
})
