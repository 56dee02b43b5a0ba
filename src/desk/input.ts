import type { z } from 'zod'
import { Refusal, type RefusalCode, type RefusalDetail } from './refusal.js'

/**
 * The input as its schema has it. Throws Refusal that names the first wrong field and what it must be, such as
 * `message.content: must not be empty`.
 */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown, code: RefusalCode): z.output<S> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const [issue] = result.error.issues
  if (!issue) throw new Refusal(code, 'The request is not valid.')
  const field = issue.path.map(String).join('.')
  const what = describe(issue)
  throw new Refusal(code, field === '' ? what : `${field}: ${what}`, {}, { field, ...detailOf(issue) })
}

/** The same for pages, which have their own words. */
function detailOf(issue: z.core.$ZodIssue): Pick<RefusalDetail, 'reason' | 'limit'> {
  switch (issue.code) {
    case 'unrecognized_keys':
      return { reason: 'unknown' }
    case 'invalid_type':
      return { reason: issue.message.endsWith('received undefined') ? 'missing' : 'form' }
    case 'too_big':
      return { reason: issue.origin === 'string' ? 'too_long' : 'too_big', limit: Number(issue.maximum) }
    case 'too_small': {
      const [isText, limit] = [issue.origin === 'string', Number(issue.minimum)]
      return isText && limit === 1
        ? { reason: 'missing' }
        : { reason: isText ? 'too_short' : 'too_small', limit }
    }
    default:
      return { reason: 'form' }
  }
}

// Zod's own words for what schemas say nothing about.
function describe(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `${issue.keys.map((key) => key.slice(0, 50)).join(', ')}: is not known here`
    case 'invalid_type':
      return issue.message.endsWith('received undefined')
        ? `is missing: it must be ${named(issue.expected)}`
        : `must be ${named(issue.expected)}`
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(String(value))).join(' or ')}`
    case 'invalid_union':
      return issue.path.length === 0 || issue.message === 'Invalid input'
        ? 'has no known form'
        : issue.message
    case 'too_big':
      return issue.message.startsWith('Too big')
        ? `must be at most ${issue.maximum} ${unit(issue.origin)}`
        : issue.message
    case 'too_small':
      return issue.message.startsWith('Too small')
        ? `must be at least ${issue.minimum} ${unit(issue.origin)}`
        : issue.message
    default:
      return issue.message
  }
}

function named(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`
}

function unit(origin: string): string {
  return ({ string: 'characters', array: 'items' } as Record<string, string>)[origin] ?? ''
}
