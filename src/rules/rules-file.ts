import { ruleIssue } from '../protocol/rule-problems.js'
import { checkRules, type Checked } from './rule-check.js'
import { problemAt } from './rule-problem.js'
import type { RepliesAllowed } from './rule-warning.js'
import { ruleSetSchema, type RuleSet } from './rule-set.js'

/** Reads a rules file's text: what `kefu rules import` takes. */
export function parseRules(text: string, allowed?: RepliesAllowed): Checked {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, '')) // some editors put a byte order mark there
  } catch (error) {
    const message = `is not JSON: ${error instanceof Error ? error.message : String(error)}${lineOf(text, error)}`
    const problem = problemAt([], null, { path: [], message, issue: ruleIssue('not_json') })
    return { ok: false, problems: [problem] }
  }
  return checkRules(value, allowed)
}

/** Writes a rules file: what `kefu rules export` gives. The same rules give the same bytes. */
export function serialiseRules(set: RuleSet): string {
  return `${JSON.stringify(ruleSetSchema.parse(set), null, 2)}\n` // parsing puts the keys into the schema's order
}

/** V8 names the place by its offset, where people count lines. */
function lineOf(text: string, error: unknown): string {
  const position =
    error instanceof Error ? /at position (\d+)(?! \(line)/.exec(error.message)?.[1] : undefined
  if (position === undefined) return ''
  return ` (line ${text.slice(0, Number(position)).split('\n').length})`
}
