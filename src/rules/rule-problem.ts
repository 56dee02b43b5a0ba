import type { z } from 'zod'

/** What is wrong, or doubtful, in a rules file, and what it should be. */
export interface Problem {
  /** The rule's name; null where there is no rule or none that has a name. */
  readonly rule: string | null
  /** Where in the file, such as `rules[2].when.text.matches`; empty for the whole. */
  readonly path: string
  readonly message: string
}

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/** The schema's findings as problems; `base` is where the checked value stands in the file. */
export function problemsOf(error: z.ZodError, value: unknown, rule: string | null, base: Path): Problem[] {
  return meant(error.issues, value).map(({ path, message }) => ({
    rule,
    path: pathText([...base, ...path]),
    message,
  }))
}

/** A path as in JavaScript: `rules[0].then[1].reply.text`. */
export function pathText(path: Path): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '')
}

/** Problems as lines for people, 20 at most. */
export function problemsText(problems: readonly Problem[]): string {
  const lines = problems.slice(0, 20).map(({ rule, path, message }) => {
    const where = path === '' ? 'the rules' : path
    return `  ${where}${rule === null ? '' : ` (rule "${rule}")`}: ${message}`
  })
  if (problems.length > lines.length) lines.push(`  and ${problems.length - lines.length} more`)
  return lines.join('\n')
}

/** Where a value may have one of several forms, the problems of the one it comes nearest to, if it is one. */
function meant(issues: readonly Issue[], value: unknown): { path: Path; message: string }[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union') return [{ path: issue.path, message: issue.message }]
    const inner = at(value, issue.path)
    const distances = issue.errors.map((branch) => branch.filter((each) => otherForm(each, inner)).length)
    const nearest = issue.errors.filter((_, index) => distances[index] === Math.min(...distances))
    const [only, ...others] = nearest
    if (!only || others.length > 0) return [{ path: issue.path, message: issue.message }]
    return meant(only, inner).map(({ path, message }) => ({ path: [...issue.path, ...path], message }))
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
