import { RE2JS, RE2JSException } from 're2js'
import { ConfigError } from '../errors.js'

/** What an expression found: `0` the whole, `1`… its groups, and the named ones; '' for a group that took no part. */
export type Groups = ReadonlyMap<string, string>

/** A regular expression whose time grows with the text's length and no faster: see docs/decisions/0006. */
export interface Expression {
  /** The keys that `find` gives. */
  readonly groups: ReadonlySet<string>
  test(text: string): boolean
  find(text: string): Groups | undefined
}

/** Instructions of a compiled expression: each may run for each character, so they bound the slope of the line. */
const MAX_PROGRAM = 1000

/** Compiles RE2's syntax, and JavaScript's where RE2 has the same under another name. Throws ConfigError. */
export function compileExpression(pattern: string, options: { caseSensitive: boolean }): Expression {
  const fold = !options.caseSensitive && !CASELESS.test(pattern)
  const compiled = compile(pattern, fold ? RE2JS.CASE_INSENSITIVE : 0)
  const size = compiled.programSize()
  if (size > MAX_PROGRAM)
    throw new ConfigError(
      `is too large (${size} steps, ${MAX_PROGRAM} at most): repeat fewer times, or list words under "contains"`,
    )
  const numbers = Array.from({ length: compiled.groupCount() + 1 }, (_, number) => number)
  const names = Object.entries(compiled.namedGroups())
  return {
    groups: new Set([...numbers.map(String), ...names.map(([name]) => name)]),
    test: (text) => compiled.test(text),
    find(text) {
      const matcher = compiled.matcher(text)
      if (!matcher.find()) return undefined
      const keyed: (readonly [string, number])[] = [...numbers.map((n) => [String(n), n] as const), ...names]
      return new Map(keyed.map(([key, number]) => [key, matcher.group(number) ?? '']))
    },
  }
}

/** What is wrong with a pattern and what it should be, or undefined. */
export function expressionProblem(pattern: string): string | undefined {
  try {
    compileExpression(pattern, { caseSensitive: false })
    return undefined
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

/**
 * Patterns of nothing that has upper and lower case. Folding changes nothing there, and without it the engine
 * can look for the words first, which makes the usual Chinese pattern five times faster. No two of the parts
 * start alike, so that this expression itself has one way to go.
 */
const HAN = String.raw`\p{Script=Han}`
const ESCAPES = String.raw`\\[dDsSbB.?*+|()]|\\p\{Han\}`
const CASELESS = new RegExp(
  [
    String.raw`^(?:[${HAN}0-9^$.*+?|(){},:：，。？！、 ]`,
    String.raw`(?<=\(\?)<\w+>`, // the name of a group
    ESCAPES,
    String.raw`\[(?:[${HAN}0-9^\-]|\\u[3-9][\da-fA-F]{3}|${ESCAPES})+\])*$`,
  ].join('|'),
  'u',
)

function compile(pattern: string, flags: number): RE2JS {
  try {
    return RE2JS.compile(pattern.replace(JAVASCRIPT_CHARACTER, '$1\\x{$2$3}'), flags)
  } catch (error) {
    if (error instanceof RE2JSException)
      throw new ConfigError(advice(pattern) ?? described(error.message), { cause: error })
    throw error
  }
}

/**
 * `\u4e00` and `\u{1F600}`, which RE2 writes `\x{4e00}`. All else is left to RE2's parser: RE2JS.translateRegExp
 * would take an escape it does not know, `\k<name>` say, for plain letters.
 */
const JAVASCRIPT_CHARACTER = /(?<!\\)((?:\\\\)*)\\u(?:\{([\da-f]{1,6})\}|([\da-f]{4}))/gi

function advice(pattern: string): string | undefined {
  if (/\(\?<?[=!]/.test(pattern))
    return 'uses look-around, (?=…) or the like, which can’t be matched in bounded time: write what the text must hold, and put exceptions into a rule before this one'
  if (/(?<!\\)(?:\\\\)*\\(?:[1-9]|k<)/.test(pattern))
    return 'refers back to a group (\\1), which can’t be matched in bounded time: write the text out'
  if (/\(\?>|[*+?}]\+/.test(pattern))
    return 'uses an atomic group or a possessive repeat, which are not needed here: nothing backtracks. Use (?:…) and a plain repeat'
  return undefined
}

function described(message: string): string {
  return `is no regular expression: ${message.replace('error parsing regexp: ', '').replace('`(?i)', '`')}. See https://github.com/google/re2/wiki/Syntax`
}
