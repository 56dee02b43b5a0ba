import { describe, expect, it } from 'vitest'
import { inputProblem } from './plain-input.js'

describe('an input', () => {
  it.each([
    ['a text', 'a\tb\r\n你好😀'],
    ['an empty one', ''],
    ['what JSON can hold', { a: [1, -1.5, true, null, { b: 'x' }] }],
    ['nothing', undefined],
    ['the largest number', 999_999_999_999_999],
  ])('may be %s', (_name, input) => {
    expect(inputProblem(input)).toBeUndefined()
  })

  it.each([
    [{ name: 'a\0b' }, 'name', /NUL/],
    [{ a: [{ b: '\ud800' }] }, 'a.0.b', /half a character/],
    [{ a: '\udc00x' }, 'a', /half a character/],
    [{ at: 9007199254740991 }, 'at', /at most 999999999999999/],
    [{ at: -9007199254740991 }, 'at', /at most/],
    [[1e300], '0', /at most/],
    [{ 'a\0': 1 }, '?', /name/],
  ])('%j is refused, and where', (input, field, message) => {
    expect(inputProblem(input)).toEqual({ field, message: expect.stringMatching(message) as string })
  })

  it('names the first of several', () => {
    expect(inputProblem({ a: 'x', b: ['\0', '\0'], c: '\0' })?.field).toBe('b.0')
  })

  it('of more parts than it may have is refused without a look at all of them', () => {
    let looks = 0
    const item = Object.defineProperty({}, 'a', { enumerable: true, get: () => ++looks })
    const wide = (count: number): unknown => Array.from({ length: count }, () => item)
    expect(inputProblem(wide(5000), 10_001)).toBeUndefined()
    expect(looks).toBe(5000)
    looks = 0
    expect(inputProblem({ tags: wide(5001) }, 10_001)).toEqual({
      field: expect.any(String) as string,
      message: 'has too many parts',
    })
    expect(looks).toBeLessThanOrEqual(5000)
    looks = 0
    expect(inputProblem({ tags: wide(100_000) })).toEqual({ field: 'tags', message: 'has too many parts' })
    expect(looks).toBe(0)
  })

  it('nested 200,000 deep is refused without an end of the stack', () => {
    const deep = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`) as unknown
    expect(inputProblem({ rules: deep })?.message).toMatch(/nested/)
  })
})
