import fc from 'fast-check'
import { expect, expectTypeOf, it } from 'vitest'
import { fromJson, toJson, type JsonText } from './json-column.js'

it('gives back what a column was given', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const written = toJson(value)
      expect(toJson(fromJson(written))).toBe(written)
    }),
  )
  expect(fromJson(toJson(['a', '"b"\n', '客服']))).toEqual(['a', '"b"\n', '客服'])
})

it('reads a column as what it holds, and takes no other text for it', () => {
  expectTypeOf(fromJson(toJson(['a']))).toEqualTypeOf<string[]>()
  // @ts-expect-error Text that toJson has not made may hold anything.
  const unknown: JsonText<string[]> = '{}'
  // @ts-expect-error A column of names takes no numbers.
  const numbers: JsonText<string[]> = toJson([1])
  expect([unknown, numbers]).toEqual(['{}', '[1]'])
})

it('says that a text was cut', () => {
  const cut = toJson(['a']).slice(0, -1) as JsonText<string[]>
  expect(() => fromJson(cut)).toThrow(SyntaxError)
})
