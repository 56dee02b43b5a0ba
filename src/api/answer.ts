import { ApiError, NetworkError, type ErrorWords } from '../errors.js'
import { explainErrcode, parseLenientJson } from '../wechat/index.js'
import { redact } from './redact.js'

/** An answer's JSON. */
export type Json = Readonly<Record<string, unknown>>

/** An answer as it came. */
export interface RawAnswer {
  readonly path: string
  readonly statusCode: number
  readonly text: string
  /** Texts that must not be in an error, should WeChat or a relay repeat them. */
  readonly secrets: readonly string[]
  readonly words?: ErrorWords
}

/**
 * Reads WeChat's JSON. Throws ApiError when it says no, and NetworkError (`unknown`) when it is not WeChat's:
 * somebody in between answered, and nobody knows whether WeChat acted.
 */
export function readAnswer({ path, statusCode, text, secrets, words }: RawAnswer): Json {
  const answer = parse(text)
  const errcode = answer && errcodeOf(answer)
  if (!answer || statusCode >= 500 || Number.isNaN(errcode)) throw notWechats(path, statusCode)
  if (errcode !== undefined && errcode !== 0) {
    const { errmsg } = answer
    throw apiError(path, errcode, typeof errmsg === 'string' ? errmsg : '', secrets, words)
  }
  if (statusCode !== 200) throw notWechats(path, statusCode)
  return answer
}

/** An answer without an errcode is a yes only where fields are asked for: this wants WeChat's own 0. */
export function expectOk(path: string, answer: Json): void {
  if (answer['errcode'] === undefined) throw notWechats(path, 200)
}

/** An answer that is WeChat's but lacks what was asked for. */
export function incomplete(path: string, what: string, words?: ErrorWords): ApiError {
  return apiError(path, NaN, what, [], words)
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A number, also in quotes, as relays have been seen to put them; NaN for anything else. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : NaN
}

function parse(text: string): Json | undefined {
  try {
    // WeChat repeats in an errmsg what it was given, control characters as they are.
    const value = parseLenientJson(withoutEnd(text))
    return isJson(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** A text in C ends with NUL, and sometimes that is sent along. */
function withoutEnd(text: string): string {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--
  return text.slice(0, end)
}

/** Undefined where there is none, NaN where it is no number. */
function errcodeOf({ errcode }: Json): number | undefined {
  return errcode === undefined ? undefined : numberOf(errcode)
}

function notWechats(path: string, statusCode: number): NetworkError {
  return new NetworkError(
    `${path}: the answer (HTTP ${statusCode}) is not WeChat’s JSON. WeChat may have acted on the request; it is not sent again by itself.`,
    { accepted: 'unknown', path },
  )
}

/** WeChat puts its request id behind its words: `invalid openid, rid: 65a1…`. */
const ridAtEnd = /,?\s*\brid:\s*([\w-]{1,64})[\s\ufffd]*$/

function apiError(
  path: string,
  errcode: number,
  errmsg: string,
  secrets: readonly string[],
  words?: ErrorWords,
): ApiError {
  const [end = '', rid] = ridAtEnd.exec(errmsg.slice(-100)) ?? []
  const said = redact(errmsg.slice(0, errmsg.length - end.length), secrets)
  const { name, zh, en } = explainErrcode(errcode)
  const explanation = words?.language === 'zh' ? zh : en
  return new ApiError({ errcode, errmsg: said, rid, path, reason: name, explanation }, words)
}
