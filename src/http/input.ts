import type { z } from 'zod'
import { inputProblem } from './schemas/plain-input.js'
import { refusal, type ErrorCode, type Refusal } from '../protocol/refusals.js'
import { HttpError } from './http-error.js'

export interface InputRules {
  /** How many values it may have. */
  readonly mostParts?: number | undefined
  /** Takes also text that not every database keeps. */
  readonly anyText?: boolean | undefined
}

/**
 * The input as its schema has it. Throws HttpError that names the first wrong field and what it must be, such as
 * `message.content: must not be empty`.
 */
export function parseInput<S extends z.ZodType>(
  schema: S,
  input: unknown,
  code: ErrorCode,
  { mostParts, anyText = false }: InputRules = {},
): z.output<S> {
  mustBePlain(input, { mostParts, anyText })
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const [issue] = result.error.issues
  if (!issue) throw new HttpError(code, 'The request is not valid.')
  const field = issue.path.map(String).join('.')
  const what = describe(issue)
  throw new HttpError(code, field === '' ? what : `${field}: ${what}`, {}, refusalOf(issue, field))
}

/** Refuses what no field of any route takes. It is the content that is wrong, wherever it stands. */
function mustBePlain(input: unknown, { mostParts, anyText }: InputRules): void {
  const problem = inputProblem(input, mostParts, anyText ? () => true : undefined)
  if (!problem) return
  const { field, message } = problem
  throw new HttpError(
    'invalid',
    field === '' ? message : `${field}: ${message}`,
    {},
    refusal('form', { field }),
  )
}

/** The same for pages, which have their own words. */
function refusalOf(issue: z.core.$ZodIssue, field: string): Refusal {
  switch (issue.code) {
    case 'unrecognized_keys':
      return refusal('unknown', { field })
    case 'invalid_type':
      return refusal(issue.message.endsWith('received undefined') ? 'missing' : 'form', { field })
    case 'too_big':
      return refusal(issue.origin === 'string' ? 'too_long' : 'too_big', {
        field,
        limit: Number(issue.maximum),
      })
    case 'too_small': {
      const [isText, limit] = [issue.origin === 'string', Number(issue.minimum)]
      if (isText && limit === 1) return refusal('missing', { field })
      return refusal(isText ? 'too_short' : 'too_small', { field, limit })
    }
    case 'custom':
      return ownRefusal(issue.params) ?? refusal('form', { field })
    default:
      return refusal('form', { field })
  }
}

/** For `refine` and `addIssue`: the message of a check, and the refusal that pages make words from. */
export function checkOf(
  message: string,
  refusal: Refusal,
): { message: string; params: { refusal: Refusal } } {
  return { message, params: { refusal } }
}

function ownRefusal(params: Readonly<Record<string, unknown>> | undefined): Refusal | undefined {
  return params?.['refusal'] as Refusal | undefined
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
