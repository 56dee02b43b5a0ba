// First, so that what it counts is compiled after it.
import { isLinear } from '../../test/support/steps.js'
import { expect, it } from 'vitest'
import { ApiError } from '../errors.js'
import { readAnswer } from './answer.js'

it('what WeChat says of an error costs no more than its length, whatever the words are', () => {
  const act = (size: number) => () => {
    const errmsg = `${' '.repeat(size)}rid:${' '.repeat(size)}!`
    const text = JSON.stringify({ errcode: 40097, errmsg })
    expect(() => readAnswer({ path: '/cgi-bin/x', statusCode: 200, text, secrets: ['s3cret'] })).toThrow(
      ApiError,
    )
  }
  expect(isLinear(act, 30_000)).toBe(true)
})
