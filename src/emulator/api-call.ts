import type { EmulatedApp } from './app.js'
import { looksLikeToken } from './access-tokens.js'
import type { Platform } from './platform.js'
import type { Quirks } from './protocol.js'
import { Refusal } from './refusal.js'

/** A call of the API as its endpoint sees it. */
export interface ApiRequest {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** False when the body was larger than the emulator reads. */
  readonly complete: boolean
  readonly clientIp: string
}

/** The result of an endpoint: fields, to which errcode and errmsg may belong, or a file. */
export type ApiResult =
  /** `app` is whom a call without a token came from, where it showed the secret. */
  | { kind: 'json'; fields: Readonly<Record<string, unknown>>; app?: EmulatedApp }
  | { kind: 'file'; bytes: Buffer; contentType: string; filename: string }

export interface EndpointContext {
  readonly platform: Platform
  readonly request: ApiRequest
  /** The app whose token came with the call; only endpoints that need none may find it missing. */
  readonly app: EmulatedApp | undefined
  readonly quirks: Quirks
}

/** One path of the API. */
export interface Endpoint {
  readonly method: 'GET' | 'POST'
  readonly needsToken: boolean
  /** The Content-Type of a refusal, when it is not JSON's. */
  readonly refusalType?: string
  /** Throws Refusal. */
  readonly handle: (context: EndpointContext) => ApiResult | Promise<ApiResult>
}

/** A plain yes with whatever else belongs to it. */
export function ok(fields: Readonly<Record<string, unknown>> = {}): ApiResult {
  return { kind: 'json', fields: { errcode: 0, errmsg: 'ok', ...fields } }
}

/** The app that the call's token belongs to. Throws Refusal: missing, malformed, unknown or replaced, expired. */
export function appOfToken(platform: Platform, accessToken: string | undefined): EmulatedApp {
  if (accessToken === undefined || accessToken === '') throw new Refusal(41001)
  if (!looksLikeToken(accessToken)) throw new Refusal(40014)
  for (const app of platform.apps) {
    const errcode = app.tokens.check(accessToken, platform.clock.now())
    if (errcode === 0) return app
    if (errcode !== undefined) throw new Refusal(errcode)
  }
  throw new Refusal(40001)
}

/** The app of an endpoint that needs a token. */
export function appOf(context: EndpointContext): EmulatedApp {
  if (!context.app) throw new Refusal(41001)
  return context.app
}

/**
 * The body as an object. With `literalEscapes`, `\uXXXX` stays the six characters that it is, as WeChat shows
 * it to customers: it wants real UTF-8.
 */
export function jsonBody(request: ApiRequest, literalEscapes = false): Readonly<Record<string, unknown>> {
  if (!request.complete) throw new Refusal(45002)
  const text = request.body.toString('utf8')
  if (text.trim() === '') throw new Refusal(44002)
  let value: unknown
  try {
    value = JSON.parse(literalEscapes ? keepEscapes(text) : text)
  } catch {
    throw new Refusal(47001)
  }
  if (!isObject(value)) throw new Refusal(47001)
  return value
}

/** A string among fields that somebody else wrote; empty when it is none. */
export function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** An object among fields that somebody else wrote; empty when it is none. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {}
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// A backslash and what it escapes are read together, so that the second of two begins no escape.
function keepEscapes(json: string): string {
  return json.replace(/\\(u[0-9a-fA-F]{4}|[^])/g, (escape, what: string) =>
    what.length > 1 ? `\\${escape}` : escape,
  )
}
