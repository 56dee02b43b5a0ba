import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, it } from 'vitest'
import { runs } from '../../test/support/property-runs.js'
import { compileCost } from './expression-size.js'
import { programOf, Search } from './search.js'

const atom = fc.constantFrom(
  ...[
    'a',
    'b',
    '退',
    '款',
    '.',
    '\\d',
    '\\w',
    '\\s',
    '[ab]',
    '[^a]',
    '[a-c退]',
    '\\b',
    '\\B',
    '^',
    '$',
    '😀',
    'ſ',
    'K',
    '\\p{Han}',
    '[[:alpha:]]',
    '(?:)',
    '\\Qa.b\\E',
    '\\x{9000}',
    '[\\]a-]',
    '[]a]',
  ],
)
const repeat = fc.constantFrom('', '', '', '*', '+', '?', '*?', '+?', '{2}', '{1,3}', '{2,}', '{0}', '{0,2}?')
const pattern = fc.letrec<{ one: string; many: string }>((tie) => ({
  one: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(atom, repeat).map((each) => each.join('')),
    fc.tuple(tie('many'), repeat).map(([inside, times]) => `(${inside})${times}`),
    fc.tuple(tie('many'), repeat).map(([inside, times]) => `(?:${inside})${times}`),
    fc.tuple(tie('many'), tie('many')).map(([left, right]) => `(?i:${left}|${right})`),
  ),
  many: fc.array(tie('one'), { minLength: 1, maxLength: 4 }).map((each) => each.join('')),
})).many
const text = fc
  .array(
    fc.constantFrom('a', 'b', 'B', '退', '款', ' ', '\n', '7', '😀', '\uD83D', '\uDE00', 'ſ', 's', 'k', '_'),
  )
  .map((each) => each.join(''))

function compiled(source: string, fold: boolean): RE2JS | undefined {
  try {
    return RE2JS.compile(source, fold ? RE2JS.CASE_INSENSITIVE : 0)
  } catch {
    return undefined
  }
}

describe('a search', () => {
  it('finds what re2js finds, group by group, in however small pieces it runs', () => {
    fc.assert(
      fc.property(pattern, fc.boolean(), text, fc.nat(2000), (source, fold, given, more) => {
        const expression = compiled(source, fold)
        fc.pre(expression !== undefined)
        const matcher = expression.matcher(given)
        const isFound = matcher.find()
        const program = programOf(expression)
        const groups = expression.groupCount() + 1
        const search = new Search(program, given, groups)
        const least = program.instructions.length * (3 + groups) + 100
        while (!search.done) expect(search.run(least + more)).toBeLessThanOrEqual(least + more)
        expect(search.found).toBe(isFound)
        if (isFound)
          for (let group = 0; group < groups; group++)
            expect(search.group(group)).toBe(matcher.group(group) ?? undefined)
        const asked = new Search(program, given)
        asked.run(Infinity)
        expect(asked.found).toBe(isFound)
      }),
      { numRuns: runs(20_000, 500) },
    )
  })

  it('takes no more steps than its program has for each character, twice', () => {
    fc.assert(
      fc.property(pattern, text, (source, given) => {
        const expression = compiled(source, true)
        fc.pre(expression !== undefined)
        const program = programOf(expression)
        const search = new Search(program, given)
        const steps = search.run(Infinity)
        const perCharacter = 2 * program.instructions.length + 2
        expect(steps).toBeLessThanOrEqual(perCharacter * (given.length + 1) + given.length)
      }),
      { numRuns: runs(5000, 200) },
    )
  })
})

describe('what compiling costs', () => {
  it('is told by the pattern: never less than its program has, and hardly more', () => {
    fc.assert(
      fc.property(pattern, fc.boolean(), (source, fold) => {
        const expression = compiled(source, fold)
        fc.pre(expression !== undefined)
        const { size } = compileCost(source, fold)
        expect(size).toBeGreaterThanOrEqual(expression.programSize())
      }),
      { numRuns: runs(20_000, 500) },
    )
  })

  it.each([
    ['x{1000}'.repeat(140), 140_000],
    [`(?:${'a'.repeat(900)}){1000}`, 900_000],
    ['((a{10}){10}){10}', 1000],
    [`(${'X'.repeat(900)}[(]){1000}`, 900_000],
    [`(?P<n>${'X'.repeat(400)}\\Q(\\E[]()]){1000}`, 400_000],
    ['[[:alpha:](]{1000}', 1000],
    ['(?i)(?:a\\{b){900}', 2700],
  ])('counts %s without building it', (source, least) => {
    expect(compileCost(source, false).size).toBeGreaterThanOrEqual(least)
  })

  it('counts the classes that take long', () => {
    const wide = compileCost('[b-\\x{10FFFF}]', true).work
    expect(wide).toBeGreaterThan(compileCost('[b-\\x{10FFFF}]', false).work * 100)
    expect(compileCost('\\p{L}'.repeat(200), true).work).toBeGreaterThan(1_000_000)
  })
})
