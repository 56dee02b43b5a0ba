import { RE2JS, RE2JSException } from 're2js'
import { ConfigError } from '../errors.js'
import { ruleIssue, type RuleIssue } from '../protocol/rule-problems.js'
import { compileCost } from './expression-size.js'
import { programOf, Search } from './search.js'
import { atOnce, Steps, type Work } from './steps.js'

/** The find of an expression: `0` the whole, `1`… its groups, and the named ones; '' for a group that took no part. */
export type Groups = ReadonlyMap<string, string>

/** A regular expression whose steps grow with the text's length and no faster: see docs/decisions/0006. */
export interface Expression {
  /** The keys that `find` gives. */
  readonly groups: ReadonlySet<string>
  /** Instructions of its program. */
  readonly size: number
  test(text: string): boolean
  find(text: string): Groups | undefined
  /** `test` and `find` as work that can be interrupted. */
  testing(text: string, steps: Steps): Work<boolean>
  finding(text: string, steps: Steps): Work<Groups | undefined>
}

/** Compiled expressions by their key. */
export type Expressions = ReadonlyMap<string, Expression>

/** Returns the key by which equal expressions are one. */
export function expressionKey(pattern: string, caseSensitive: boolean): string {
  return `${caseSensitive ? '=' : '~'}${pattern}`
}

/** Instructions of a compiled expression: each may run for each character, so they bound the slope of the line. */
const MAX_PROGRAM = 1000
/** Instructions. The text of a pattern tells of a few more than its program has. */
const TOLD = 3 * MAX_PROGRAM
/** The steps in whose time a pattern may be compiled, far above what any written by a person takes. */
const MAX_COMPILING = 1_000_000
/** Groups that replies may use: each costs something for each character. */
const MOST_GROUPS = 100

/** A pattern that is not used: it is wrong, or costs too much. */
export class ExpressionError extends ConfigError {
  readonly issue: RuleIssue

  constructor(message: string, issue: RuleIssue, options?: ErrorOptions) {
    super(message, options)
    this.issue = issue
  }
}

/** Compiles RE2's syntax, and JavaScript's where RE2 has the same under another name. Throws ExpressionError. */
export function compileExpression(pattern: string, options: { caseSensitive: boolean }): Expression {
  const fold = isFolded(pattern, options)
  const told = compileCost(asRe2(pattern), fold)
  if (told.size > TOLD) throw tooLarge(`some ${told.size}`)
  if (told.work > MAX_COMPILING)
    throw new ExpressionError(
      'has too many or too wide classes of characters for an expression without case: name fewer, or set "caseSensitive" to true',
      ruleIssue('expression_too_wide'),
    )
  const compiled = compile(pattern, fold ? RE2JS.CASE_INSENSITIVE : 0)
  const size = compiled.programSize()
  if (size > MAX_PROGRAM) throw tooLarge(String(size))
  const program = programOf(compiled)
  const count = Math.min(compiled.groupCount() + 1, MOST_GROUPS)
  const numbers = Array.from({ length: count }, (_, number) => number)
  const names = Object.entries(compiled.namedGroups()).filter(([, number]) => number < count)
  const keyed: (readonly [string, number])[] = [...numbers.map((n) => [String(n), n] as const), ...names]

  function* searching(text: string, groups: number, steps: Steps): Work<Search> {
    const search = new Search(program, text, groups)
    for (;;) {
      steps.use(search.run(steps.room))
      if (search.done) return search
      yield
    }
  }
  function* testing(text: string, steps: Steps): Work<boolean> {
    return (yield* searching(text, 0, steps)).found
  }
  function* finding(text: string, steps: Steps): Work<Groups | undefined> {
    const search = yield* searching(text, numbers.length, steps)
    return search.found ? new Map(keyed.map(([key, number]) => [key, search.group(number) ?? ''])) : undefined
  }
  return {
    groups: new Set(keyed.map(([key]) => key)),
    size,
    testing,
    finding,
    test: (text) => wholly((steps) => testing(text, steps)),
    find: (text) => wholly((steps) => finding(text, steps)),
  }
}

/** The steps in whose time a pattern is compiled, at most. */
export function compilingSteps(pattern: string): number {
  return Math.min(
    compileCost(asRe2(pattern), isFolded(pattern, { caseSensitive: false })).work,
    MAX_COMPILING,
  )
}

function wholly<T>(work: (steps: Steps) => Work<T>): T {
  const steps = new Steps(Infinity)
  return atOnce(work(steps), steps)
}

function isFolded(pattern: string, { caseSensitive }: { caseSensitive: boolean }): boolean {
  return !caseSensitive && !CASELESS.test(pattern)
}

function tooLarge(size: string): ExpressionError {
  return new ExpressionError(
    `is too large (${size} steps, ${MAX_PROGRAM} at most): repeat fewer times, or list words under "contains"`,
    ruleIssue('expression_too_large', { limit: MAX_PROGRAM }),
  )
}

/** Returns the problem of a pattern, with the remedy, or undefined. */
export function expressionProblem(pattern: string): string | undefined {
  try {
    compileExpression(pattern, { caseSensitive: false })
    return undefined
  } catch (error) {
    if (error instanceof ExpressionError) return error.message
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
    return RE2JS.compile(asRe2(pattern), flags)
  } catch (error) {
    if (error instanceof RE2JSException) throw syntaxError(pattern, error)
    throw error
  }
}

/**
 * `\u4e00` and `\u{1F600}`, which RE2 writes `\x{4e00}`. All else is left to RE2's parser: RE2JS.translateRegExp
 * would take an escape it does not know, `\k<name>` say, for plain letters.
 */
const JAVASCRIPT_CHARACTER = /(?<!\\)((?:\\\\)*)\\u(?:\{([\da-f]{1,6})\}|([\da-f]{4}))/gi

function asRe2(pattern: string): string {
  return pattern.replace(JAVASCRIPT_CHARACTER, '$1\\x{$2$3}')
}

function syntaxError(pattern: string, cause: RE2JSException): ExpressionError {
  const error = (message: string, issue: RuleIssue): ExpressionError =>
    new ExpressionError(message, issue, { cause })
  if (/\(\?<?[=!]/.test(pattern))
    return error(
      'uses look-around, (?=…) or the like, which can’t be matched in bounded time: write what the text must hold, and put exceptions into a rule before this one',
      ruleIssue('expression_lookaround'),
    )
  if (/(?<!\\)(?:\\\\)*\\(?:[1-9]|k<)/.test(pattern))
    return error(
      'refers back to a group (\\1), which can’t be matched in bounded time: write the text out',
      ruleIssue('expression_backreference'),
    )
  if (/\(\?>|[*+?}]\+/.test(pattern))
    return error(
      'uses an atomic group or a possessive repeat, which are not needed here: nothing backtracks. Use (?:…) and a plain repeat',
      ruleIssue('expression_possessive'),
    )
  const problem = cause.message.replace('error parsing regexp: ', '').replace('`(?i)', '`')
  return error(
    `is no regular expression: ${problem}. See https://github.com/google/re2/wiki/Syntax`,
    ruleIssue('expression', { problem }),
  )
}
