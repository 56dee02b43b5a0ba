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
    if (longInteger.test(text) && !restoreMsgId(value, text))
      // Only text that has been shown to be JSON is rewritten: each string in it ends, so this is one pass.
      value = JSON.parse(text.replace(stringOrNumber, quoteLong))
  } catch {
    throw new DecodeError('format', 'The push starts like JSON but is not.')
  }
  if (!isFields(value)) throw new DecodeError('format', 'The push is JSON but not an object.')
  if (!isWithin(value, limits.jsonDepth)) throw new DecodeError('format', 'The push is nested too deep.')
  return value
}

/**
 * The usual case without parsing twice: the only run of 16 digits is the message's MsgId. A quote inside a string
 * has a backslash before it, so what looks like the key is a key.
 */
function restoreMsgId(value: unknown, text: string): boolean {
  const found = msgIdKey.exec(text)
  const digits = found?.[1]
  if (!found || digits === undefined || !isFields(value) || value['MsgId'] !== Number(digits)) return false
  if (
    longInteger.test(text.slice(0, found.index)) ||
    longInteger.test(text.slice(found.index + found[0].length))
  )
    return false
  value['MsgId'] = digits
  return true
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// JSON.parse reads any depth, but JSON.stringify and structuredClone overflow the stack of whoever keeps the push.
function isWithin(value: object, depth: number): boolean {
  if (depth === 0) return false
  for (const child of Object.values(value) as unknown[])
    if (typeof child === 'object' && child !== null && !isWithin(child, depth - 1)) return false
  return true
}

/** Writes fields as JSON in real UTF-8, a `MsgId` of digits as a bare number of any length. */
export function stringifyJson(fields: Fields): string {
  // In a string's content each quote has a backslash before it, so this matches the key alone.
  return JSON.stringify(fields).replace(/"MsgId":"(0|[1-9]\d*)"/, '"MsgId":$1')
}

const longInteger = /\d{16}/
const msgIdKey = /[{,]\s*"MsgId"\s*:\s*(\d{16,})\s*(?=[,}])/
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g

function quoteLong(token: string): string {
  return /^-?\d{16,}$/.test(token) ? `"${token}"` : token
}
