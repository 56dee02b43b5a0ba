import { DecodeError } from '../errors.js'
import type { Fields } from './incoming.js'
import { limits } from './limits.js'

/**
 * Parses a push in JSON, with integers of 16 digits and more as strings: a MsgId exceeds 2^53, and JSON.parse
 * would round it to its neighbour's. Throws DecodeError (`format`).
 */
export function parseJson(text: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(text)
    // Only text that has been shown to be JSON is rewritten: each string in it ends, so this is one pass.
    if (longInteger.test(text)) value = JSON.parse(text.replace(stringOrNumber, quoteLong))
  } catch {
    throw new DecodeError('format', 'The push starts like JSON but is not.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new DecodeError('format', 'The push is JSON but not an object.')
  if (!isWithin(value, limits.jsonDepth)) throw new DecodeError('format', 'The push is nested too deep.')
  return value as Fields
}

// JSON.parse reads any depth, but JSON.stringify and structuredClone overflow the stack of whoever keeps the push.
function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((child) => isWithin(child, depth - 1))
}

/** Writes fields as JSON in real UTF-8, a `MsgId` of digits as a bare number of any length. */
export function stringifyJson(fields: Fields): string {
  // In a string's content each quote has a backslash before it, so this matches the key alone.
  return JSON.stringify(fields).replace(/"MsgId":"(0|[1-9]\d*)"/, '"MsgId":$1')
}

const longInteger = /\d{16}/
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g

function quoteLong(token: string): string {
  return /^-?\d{16,}$/.test(token) ? `"${token}"` : token
}
