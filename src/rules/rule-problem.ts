import type { z } from 'zod'
import { refusal, type Refusal } from '../protocol/refusals.js'
import { ruleIssue, type RuleIssue, type RulePlace } from '../protocol/rule-problems.js'

/** An error or a warning about a rules file: for programs and pages its code, for people an English sentence. */
export type Problem = RuleIssue & {
  /** The rule's name; null where there is no rule or none that has a name. */
  readonly rule: string | null
  /** Where in the file. */
  readonly at: RulePlace
  /** The same as in JavaScript, such as `rules[2].when.text.matches`; empty for the whole. */
  readonly path: string
  readonly message: string
}

/** A problem within a rule, or within business hours. */
export interface Found {
  readonly path: RulePlace
  readonly message: string
  readonly issue: RuleIssue
}

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/** The problem that was found there; `base` is where the rule stands in the file. */
export function problemAt(base: RulePlace, rule: string | null, { path, message, issue }: Found): Problem {
  const at = [...base, ...path]
  return { rule, at, path: pathText(at), message, ...issue }
}

/** The schema's issues as problems; `base` is where the checked value stands in the file. */
export function problemsOf(
  error: z.ZodError,
  value: unknown,
  rule: string | null,
  base: RulePlace,
): Problem[] {
  return meant(error.issues, value).map(({ path, issue }) =>
    problemAt(base, rule, { path: placeOf(path), message: issue.message, issue: issueOf(issue) }),
  )
}

/** For `refine`: the message of a check, and the issue that pages make words from. */
export function checkOf(message: string, issue: RuleIssue): { error: string; params: { issue: RuleIssue } } {
  return { error: message, params: { issue } }
}

/** The code of an issue of a schema. */
function issueOf(issue: Issue): RuleIssue {
  switch (issue.code) {
    case 'invalid_type':
      return ruleIssue(issue.input === undefined ? 'missing' : 'wrong_form')
    case 'unrecognized_keys':
      return ruleIssue('unknown_keys', { keys: issue.keys.slice(0, MAX_KEYS).map((key) => key.slice(0, 64)) })
    case 'too_big':
      if (issue.exact === true || (issue.origin !== 'string' && issue.origin !== 'array'))
        return ruleIssue('wrong_form')
      return ruleIssue(issue.origin === 'string' ? 'too_long' : 'too_many', { limit: Number(issue.maximum) })
    case 'too_small':
      return ruleIssue(
        issue.exact === true ||
          Number(issue.minimum) !== 1 ||
          issue.origin === 'int' ||
          issue.origin === 'number'
          ? 'wrong_form'
          : 'empty',
      )
    case 'custom':
      return (issue.params?.['issue'] as RuleIssue | undefined) ?? ruleIssue('wrong_form')
    default:
      return ruleIssue('wrong_form')
  }
}

/** Unknown keys that a problem names: enough to see what is meant. */
const MAX_KEYS = 10

/** A path as in JavaScript: `rules[0].then[1].reply.text`. */
function pathText(path: RulePlace): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '')
}

function placeOf(path: Path): RulePlace {
  return path.map((key) => (typeof key === 'number' ? key : String(key)))
}

/** Problems that are told at once; how many more there are is said. */
const MAX_TOLD = 20

/** The refusal of a rules file for pages, with as many problems as problemsText has. */
export function rulesRefusal(problems: readonly Problem[]): Refusal {
  const told = problems.slice(0, MAX_TOLD)
  return refusal('rules', {
    problems: told.map(({ rule, at, code, params }) => ({ rule, at, ...({ code, params } as RuleIssue) })),
    more: problems.length - told.length,
  })
}

/** Problems as lines for people, 20 at most. */
export function problemsText(problems: readonly Problem[]): string {
  const lines = problems.slice(0, MAX_TOLD).map(({ rule, path, message }) => {
    const where = path === '' ? 'the rules' : path
    return `  ${where}${rule === null ? '' : ` (rule "${rule}")`}: ${message}`
  })
  if (problems.length > lines.length) lines.push(`  and ${problems.length - lines.length} more`)
  return lines.join('\n')
}

/** Where a value may have one of several forms, the problems of the one it comes nearest to, if it is one. */
function meant(issues: readonly Issue[], value: unknown): { path: Path; issue: Issue }[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union') return [{ path: issue.path, issue }]
    const inner = at(value, issue.path)
    const distances = issue.errors.map((branch) => branch.filter((each) => otherForm(each, inner)).length)
    const nearest = issue.errors.filter((_, index) => distances[index] === Math.min(...distances))
    const [only, ...others] = nearest
    if (!only || others.length > 0) return [{ path: issue.path, issue }]
    return meant(only, inner).map(({ path, issue: each }) => ({
      path: [...issue.path, ...path],
      issue: each,
    }))
  })
}

/** Whether an issue speaks for another form: the value is of a different type, lacks a key of this one or has others. */
function otherForm(issue: Issue, value: unknown): boolean {
  const [key, ...deeper] = issue.path
  const compound = typeof value === 'object' && value !== null
  if (key === undefined)
    return (
      issue.code === 'invalid_type' ||
      issue.code === 'unrecognized_keys' ||
      (issue.code === 'invalid_value' && compound)
    )
  return deeper.length === 0 && compound && !Object.hasOwn(value, key)
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  )
}
