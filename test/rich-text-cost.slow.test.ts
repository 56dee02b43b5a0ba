// First, so that what it counts is compiled after it.
import { isLinear } from './support/steps.js'
import { expect, it } from 'vitest'
import { parseRichText } from '../web/both/rich-text.js'

it.each(['<a href="x" ', '<a x>', '<a x></a>', 'https://', '</a>'])(
  'a text of nothing but %j costs no more than its length',
  (unit) => {
    expect(isLinear((size) => () => parseRichText(unit.repeat(size)), 1250)).toBe(true)
  },
)
