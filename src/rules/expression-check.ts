import { ruleIssue, type RulePlace } from '../protocol/rule-problems.js'
import {
  compileExpression,
  compilingSteps,
  ExpressionError,
  expressionKey,
  type Expression,
} from './expression.js'
import type { Found } from './rule-problem.js'
import type { Steps, Work } from './steps.js'

/** Instructions of all expressions of a rule set: a message may have to be compared with each of them. */
export const MAX_PROGRAM_SUM = 50_000
/** The steps in whose time all of them may be compiled, by each process and after each change. */
const MAX_COMPILING_SUM = 100_000_000
/** A pattern that is longer is refused by its form. */
const LONGEST = 1000

/** Compiles the expressions of rules that are read one after the other, each pattern once, and adds up what they cost. */
export class ExpressionCheck {
  readonly compiled = new Map<string, Expression>()
  #sum = 0
  #compiling = 0

  /** The problem of all of them together; undefined when they may be used. */
  get problem(): Found | undefined {
    if (this.#sum > MAX_PROGRAM_SUM)
      return {
        path: [],
        message: `the expressions have more than ${MAX_PROGRAM_SUM} steps together: repeat fewer times, or list words under "contains"`,
        issue: ruleIssue('expressions_too_large', { limit: MAX_PROGRAM_SUM }),
      }
    if (this.#compiling > MAX_COMPILING_SUM)
      return {
        path: [],
        message:
          'the expressions have too many or too wide classes of characters: name fewer, or set "caseSensitive" to true',
        issue: ruleIssue('expressions_too_wide'),
      }
    return undefined
  }

  /** How many instructions they have together. */
  get sum(): number {
    return this.#sum
  }

  /**
   * Returns the problems of a rule's expressions, whatever else is wrong with it. Once all together are too many
   * no more are compiled, but for `whole`, which is to be kept.
   */
  *look(rule: unknown, steps: Steps, whole = false): Work<Found[]> {
    const problems: Found[] = []
    for (const { path, pattern, caseSensitive } of expressionsOf(rule)) {
      if (this.problem !== undefined && !whole) break
      const key = expressionKey(pattern, caseSensitive)
      let expression = this.compiled.get(key)
      if (!expression) {
        const cost = compilingSteps(pattern)
        this.#compiling += cost
        // One that takes longer than a slice begins with one.
        if (cost > steps.room) yield
        steps.use(cost)
        try {
          expression = compileExpression(pattern, { caseSensitive })
        } catch (error) {
          if (!(error instanceof ExpressionError)) throw error
          problems.push({ path, message: error.message, issue: error.issue })
          continue
        }
        this.compiled.set(key, expression)
      }
      this.#sum += expression.size
    }
    return problems
  }
}

function* expressionsOf(
  rule: unknown,
): Generator<{ path: RulePlace; pattern: string; caseSensitive: boolean }> {
  const when = inside(rule, 'when')
  for (const field of ['text', 'sessionFrom']) {
    const comparison = inside(when, field)
    const matches = inside(comparison, 'matches')
    const caseSensitive = inside(comparison, 'caseSensitive') === true
    const path = ['when', field, 'matches']
    if (typeof matches === 'string' && fits(matches)) yield { path, pattern: matches, caseSensitive }
    if (!Array.isArray(matches)) continue
    for (const [index, pattern] of matches.entries())
      if (typeof pattern === 'string' && fits(pattern))
        yield { path: [...path, index], pattern, caseSensitive }
  }
}

function fits(pattern: string): boolean {
  return pattern !== '' && pattern.length <= LONGEST
}

function inside(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}
