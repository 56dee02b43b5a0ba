import { DecodeError } from '../errors.js'
import type { Fields } from './incoming.js'
import { limits } from './limits.js'

/**
 * Parses a push in JSON, with integers of 16 digits and more as strings: a MsgId exceeds 2^53, and JSON.parse
 * would round it to its neighbour's. Control characters that stand raw in a text are read. Throws DecodeError (`format`).
 */
export function parseJson(text: string): Fields {
  return readJson(text).fields
}

/** As parseJson, with the text that is JSON in the end, to look at once more. Throws DecodeError (`format`). */
export function readJson(given: string): { readonly fields: Fields; readonly text: string } {
  let text = given
  let value: unknown
  try {
    try {
      value = JSON.parse(text)
    } catch (error) {
      text = withoutControls(given)
      if (text === given) throw error
      value = JSON.parse(text)
    }
    if (longInteger.test(text) && !restoreMsgId(value, text))
      // Only text that has been shown to be JSON is rewritten: each string in it ends, so this is one pass.
      value = JSON.parse(text.replace(stringOrNumber, quoteLong))
  } catch {
    throw new DecodeError('format', 'The push starts like JSON but is not.')
  }
  if (!isFields(value)) throw new DecodeError('format', 'The push is JSON but not an object.')
  if (!isWithin(value, limits.jsonDepth)) throw new DecodeError('format', 'The push is nested too deep.')
  return { fields: value, text }
}

/**
 * The same JSON with the control characters written out that stand raw in its strings, where JSON has none: TAB, LF
 * and CR stay what they are, others become U+FFFD, as in XML. One pass, also over what is no JSON.
 */
export function withoutControls(text: string): string {
  let out = ''
  let from = 0
  let isInString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) isInString = !isInString
    else if (!isInString) continue
    else if (code === BACKSLASH) at++
    else if (code < SPACE) {
      out += text.slice(from, at) + (layout.get(code) ?? '\uFFFD')
      from = at + 1
    }
  }
  return from === 0 ? text : out + text.slice(from)
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20
const layout: ReadonlyMap<number, string> = new Map([
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
])

/**
 * The names of an object that stand in its text more than once, blanks around them aside. JSON.parse would take the
 * last of them without a word. The text must be JSON, and `fields` what it says.
 */
export function repeatedNames(text: string, fields: Fields): ReadonlySet<string> {
  const names = Object.keys(fields)
  const trimmed = new Set(names.map((name) => name.trim()))
  // Each name, also one that stands again, ends in a quote and a colon: no more of these than names, no repeats.
  if (trimmed.size === names.length && (text.match(nameEnd)?.length ?? 0) === names.length) return none
  const seen = new Set<string>()
  const repeated = new Set<string>()
  for (const name of namesIn(text)) {
    if (seen.has(name)) repeated.add(name)
    seen.add(name)
  }
  return repeated
}

const nameEnd = /"\s*:/g
const none: ReadonlySet<string> = new Set()

/** The outermost object's names as they stand in its text, one after the other. */
function* namesIn(text: string): Generator<string> {
  let depth = 0
  let isName = false
  for (let at = 0; at < text.length; at++)
    switch (text[at]) {
      case '"': {
        const from = at++
        while (at < text.length && text.charCodeAt(at) !== QUOTE)
          at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
        if (depth === 1 && isName) yield nameOf(text.slice(from, at + 1))
        isName = false
        break
      }
      case '{':
      case '[':
        isName = ++depth === 1
        break
      case '}':
      case ']':
        depth--
        break
      case ',':
        isName = depth === 1
        break
      default:
    }
}

function nameOf(quoted: string): string {
  const name: unknown = quoted.includes('\\') ? JSON.parse(quoted) : quoted.slice(1, -1)
  return String(name).trim()
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

/**
 * Writes fields as JSON in real UTF-8, a `MsgId` of digits as a bare number of any length; `pretty` and `rawControls` as
 * WeChat does.
 */
export function stringifyJson(
  fields: Fields,
  { pretty = false, rawControls = false }: { readonly pretty?: boolean; readonly rawControls?: boolean } = {},
): string {
  const json = pretty ? `${JSON.stringify(fields, null, 4)}\n` : JSON.stringify(fields)
  // In a string's content each quote has a backslash before it, so this matches the key alone.
  const text = json.replace(/"MsgId":( ?)"(0|[1-9]\d*)"/, '"MsgId":$1$2')
  return rawControls ? text.replace(escapes, (escape) => unescaped(escape)) : text
}

/** An escape is read whole, so that the second of two begins no escape. */
const escapes = /\\(?:u[0-9a-f]{4}|[^])/g

function unescaped(escape: string): string {
  const character: unknown = JSON.parse(`"${escape}"`)
  return typeof character === 'string' && character < ' ' ? character : escape
}

const longInteger = /\d{16}/
const msgIdKey = /[{,]\s*"MsgId"\s*:\s*(\d{16,})\s*(?=[,}])/
const stringOrNumber = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g

function quoteLong(token: string): string {
  return /^-?\d{16,}$/.test(token) ? `"${token}"` : token
}
