/**
 * Every error that kefu throws on purpose, by who failed. A message says what failed, why if known, and what
 * to do; none holds a secret, a token, a URL with one, or a customer's text.
 */
export abstract class KefuError extends Error {
  /** A stable word for programs to compare; the message is for people. */
  abstract readonly code: string

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** The configuration can't work: thrown where it is given, never later. */
export class ConfigError extends KefuError {
  readonly code = 'config'
  /** A word for what is wrong, where a page may have its own sentence for it. */
  readonly reason: string | undefined

  constructor(message: string, options: ErrorOptions & { readonly reason?: string } = {}) {
    super(message, options)
    this.reason = options.reason
  }
}

export type SignatureProblem = 'missing' | 'mismatch' | 'stale' | 'plaintext'

/** A push that is not shown to come from WeChat, or to come from it now. Answered with 403. */
export class SignatureError extends KefuError {
  readonly code: SignatureProblem

  constructor(code: SignatureProblem, message: string) {
    super(message)
    this.code = code
  }
}

export type DecodeProblem = 'too_large' | 'format' | 'decrypt' | 'app_id' | 'key'

/** A push that is signed but can't be read. Answered with 400, or 413 where `code` is `too_large`. */
export class DecodeError extends KefuError {
  readonly code: DecodeProblem

  constructor(code: DecodeProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** WeChat answered no. */
export class ApiError extends KefuError {
  readonly code = 'api'
  /** WeChat's number; see docs/errors.md. */
  readonly errcode: number
  /** WeChat's own words, without the request id. */
  readonly errmsg: string
  /** WeChat's request id, with which `Api.getRid` and WeChat's support find the call. */
  readonly rid: string | undefined
  /** The path that was called, without its query. */
  readonly path: string
  /** The errcode's name in the table (src/wechat/errcode.ts), `unknown` when it is not there. */
  readonly reason: string

  constructor(fields: {
    errcode: number
    errmsg: string
    rid: string | undefined
    path: string
    reason: string
    explanation: string
  }) {
    super(`${fields.path}: WeChat answered ${fields.errcode} (${fields.errmsg}). ${fields.explanation}`)
    this.errcode = fields.errcode
    this.errmsg = fields.errmsg
    this.rid = fields.rid
    this.path = fields.path
    this.reason = fields.reason
  }
}

/** Whether WeChat may have accepted a request that got no answer. */
export type Acceptance = 'no' | 'unknown'

/** WeChat gave no answer that can be read. */
export class NetworkError extends KefuError {
  readonly code = 'network'
  /** `no`: the request never left, sending it again is safe. `unknown`: WeChat may have acted on it. */
  readonly accepted: Acceptance
  readonly path: string

  constructor(message: string, fields: { accepted: Acceptance; path: string; cause?: unknown }) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.accepted = fields.accepted
    this.path = fields.path
  }
}

export type MediaProblem = 'unreadable' | 'unsupported' | 'too_large'

/** A file that can't be uploaded, found out before anything was sent. */
export class MediaError extends KefuError {
  readonly code: MediaProblem

  constructor(code: MediaProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export type HandlerProblem = 'threw' | 'timeout' | 'late' | 'misuse'

/** A handler threw (`cause` holds what), took too long, or asked for what can't be done. */
export class HandlerError extends KefuError {
  readonly code: HandlerProblem

  constructor(code: HandlerProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
