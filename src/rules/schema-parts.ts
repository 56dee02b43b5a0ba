import { z } from 'zod'
import { ruleIssue } from '../protocol/rule-problems.js'
import { checkOf } from './rule-problem.js'

// The parts of the schemas of a rules file. Each message says what the value must be, since it is read beside the
// value's path and nothing else.

interface Refused {
  readonly code?: string | undefined
  readonly input?: unknown
  readonly keys?: readonly string[]
}
type Explained = { error: (issue: Refused) => string }

/** The error of a value that must be something else. */
export function must(be: string): Explained {
  return { error: (issue) => (issue.input === undefined ? `is missing: it must be ${be}` : `must be ${be}`) }
}

/** An object that takes these keys and no others. */
export function closed<S extends z.core.$ZodShape>(be: string, shape: S): z.ZodObject<S, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue: Refused) =>
      issue.code === 'unrecognized_keys'
        ? `has ${list(issue.keys ?? [])}, which is not known here: it takes ${list(Object.keys(shape))}`
        : must(be).error(issue),
  })
}

/** Keys in quotation marks. */
export function list(keys: readonly string[]): string {
  return keys.map((key) => `"${key}"`).join(', ')
}

/** A text that is not empty; `be` is what it must be, in words. */
export function text(be: string, most: number): z.ZodString {
  return z
    .string(must(be))
    .min(1, `must not be empty: it must be ${be}`)
    .max(most, `must not be longer than ${most} characters`)
}

/** One, or a list of them. */
export function oneOrMore<T extends z.ZodType>(item: T, be: string): z.ZodUnion<readonly [T, z.ZodArray<T>]> {
  const items = z
    .array(item)
    .min(1, `must not be empty: it must be ${be}`)
    .max(1000, 'must not hold more than 1000')
  return z.union([item, items], must(be))
}

export const trimmed = (value: string): boolean => value === value.trim()
export const oneLine = (value: string): boolean => !/\p{Cc}/u.test(value)
const SPACES = 'must not start or end with a space'
export const spaces = checkOf(SPACES, ruleIssue('spaces'))
/** The same for a text that is compared with messages. */
export const spacesInMessage = checkOf(`${SPACES}: messages are compared without`, ruleIssue('spaces'))
export const severalLines = checkOf('must be one line', ruleIssue('one_line'))

/** Where one or a list may be written: the list. */
export function listOf<T extends string>(value: T | readonly T[]): readonly T[] {
  return typeof value === 'string' ? [value] : value
}
