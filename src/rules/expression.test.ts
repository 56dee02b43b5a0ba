import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileExpression, expressionProblem } from './expression.js'

const fold = (pattern: string) => compileExpression(pattern, { caseSensitive: false })
const exact = (pattern: string) => compileExpression(pattern, { caseSensitive: true })

describe('an expression', () => {
  it('finds groups by number and by name, empty where one took no part', () => {
    const expression = exact('(?<year>\\d{4})年(?P<month>\\d+)?')
    expect([...expression.groups].sort()).toEqual(['0', '1', '2', 'month', 'year'])
    expect(Object.fromEntries(expression.find('在2026年') ?? [])).toEqual({
      0: '2026年',
      1: '2026',
      2: '',
      year: '2026',
      month: '',
    })
    expect(expression.find('去年')).toBeUndefined()
  })

  it('reads JavaScript’s way to write characters', () => {
    expect(exact('^[\\u4e00-\\u9fa5]{2,4}$').test('北京')).toBe(true)
    expect(exact('^[\\u4e00-\\u9fa5]{2,4}$').test('Bei')).toBe(false)
    expect(exact('\\u{1F600}').test('好😀')).toBe(true)
    expect(exact('\\\\u4e00').test('\\u4e00')).toBe(true)
    expect(exact('\\p{Han}').test('あ')).toBe(false)
  })

  it.each([
    ['refund', 'REFUND'],
    ['退款refund', '退款ReFund'],
    ['[a-z]+', 'ABC'],
    ['<b>', '<B>'],
    ['(?<n>x)', 'X'],
    ['[!-_]', 'q'],
    ['\\p{Lu}', 'q'],
    ['Ärger', 'äRGER'],
  ])('%s without case meets %s, and with case does not', (pattern, text) => {
    expect(fold(pattern).test(text)).toBe(true)
    expect(exact(pattern).test(text)).toBe(false)
  })

  it('means the same with and without case where nothing has case', () => {
    const pattern = fc
      .array(
        fc.constantFrom(
          '退款',
          '订单',
          '\\s*',
          '\\d+',
          '(\\d)',
          '[一-龥]',
          '[\\u4e00-\\u9fa5]{2}',
          '.',
          '(?<n>款)?',
          '|',
          '?',
          '[^0-9]',
        ),
        { minLength: 1, maxLength: 5 },
      )
      .map((parts) => parts.join(''))
      .filter((each) => expressionProblem(each) === undefined)
    const text = fc
      .array(fc.constantFrom('退款', '订单', ' ', '7', '12', '款', 'A', 'ſ', '，'))
      .map((each) => each.join(''))
    fc.assert(
      fc.property(pattern, text, (each, given) => {
        const found = fold(each).find(given)
        const native = new RegExp(each, 'u').exec(given)
        expect(found?.get('0')).toBe(native?.[0])
        expect(fold(each).test(given)).toBe(native !== null)
      }),
    )
  })
})

describe('an expression that can’t be used', () => {
  it.each([
    ['(?=退)', 'look-around'],
    ['(?!退)', 'look-around'],
    ['(?<=退)款', 'look-around'],
    ['(?<!退)款', 'look-around'],
    ['(退)\\1', 'refers back'],
    ['(?<a>退)\\k<a>', 'refers back'],
    ['(?>退)', 'possessive'],
    ['退++', 'possessive'],
    ['(退', 'missing closing ): `(退`'],
    ['[', 'missing closing ]'],
    ['退{2000}', 'is too large'],
    ['((退{1,100}){1,100}){1,100}', 'is too large'],
    ['(.{1,100}){1,10}', 'is too large'],
    ['\\订', 'invalid escape'],
    ['\\h+', 'invalid escape'],
    ['\\u4e', 'invalid escape'],
  ])('that reads %s is refused: %s', (pattern, message) => {
    expect(expressionProblem(pattern)).toContain(message)
    expect(() => compileExpression(pattern, { caseSensitive: true })).toThrow(message)
  })
})
