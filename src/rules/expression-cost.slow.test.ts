// First, so that what it counts is compiled after it.
import { isLinear } from '../../test/support/steps.js'
import { describe, expect, it } from 'vitest'
import { compileExpression } from './expression.js'

describe('an expression made to take forever', () => {
  const size = 64 * 1024
  const texts = (length: number): string[] => [
    `${'a'.repeat(length)}!`,
    `${'ab'.repeat(length / 2)}!`,
    'x'.repeat(length),
    '退'.repeat(length),
    `${' '.repeat(length)}x`,
  ]
  const hostile = [
    '^(a+)+$',
    '(a*)*b',
    '(a|aa)+$',
    '(a|a?)+$',
    '(x+x+)+y',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '(.*)(.*)(.*)(.*)(.*)=',
    '.*.*=.*',
    '\\s+$',
    '([^退]*退){10,20}$',
    '(退?){50}退{50}$',
    '[ab]*a[ab]{50}$',
  ]

  it.each(hostile)('%s takes as many more steps over 64 KB as the text is longer', (pattern) => {
    const expression = compileExpression(pattern, { caseSensitive: false })
    const act = (length: number) => () => {
      for (const text of texts(length)) expression.find(text)
    }
    expect(isLinear(act, size / 16)).toBe(true)
  })
})
