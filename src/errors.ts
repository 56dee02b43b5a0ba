import type { Refusal } from './protocol/refusals.js'

/**
 * The base of every error that kefu throws on purpose. A message says what failed, why if known, and what to do; none
 * holds a secret, a token, a URL with one, or a customer's text. docs/errors.md has the codes of the public ones.
 *
 * | class               | thrown when                                            | fields beside `code`                    |
 * | ------------------- | ------------------------------------------------------ | --------------------------------------- |
 * | `ConfigError`       | a setting or an input can't work                       | `refusal`                               |
 * | `ExpressionError`   | (a ConfigError) a regular expression is not used       | `issue`                                 |
 * | `SignatureError`    | a push is not shown to be WeChat's                     |                                         |
 * | `DecodeError`       | a push can't be read                                   |                                         |
 * | `ApiError`          | WeChat answered no                                     | `errcode`, `errmsg`, `rid`, `path`, `reason` |
 * | `NetworkError`      | WeChat gave no answer that can be read                 | `accepted`, `path`                      |
 * | `MediaError`        | a file can't be uploaded                               |                                         |
 * | `HandlerError`      | code of the operator failed                            |                                         |
 * | `HttpError`         | a request of the API is refused                        | `status`, `headers`, `refusal`          |
 * | `CommandError`      | an order about a conversation can't be carried out now |                                         |
 * | `AllowanceError`    | WeChat's allowance leaves no room for a message        |                                         |
 * | `RulesChangedError` | the rules are others than those to be replaced         |                                         |
 * | `BusyError`         | too many rules are tried at once                       |                                         |
 * | `NoAnswerError`     | a webhook's endpoint gave no answer                    |                                         |
 * | `ControlError`      | the running server did not carry out a command         |                                         |
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
  /** From which pages make words in their own language, where it can come of what somebody entered. */
  readonly refusal: Refusal | undefined

  constructor(message: string, options: ErrorOptions & { readonly refusal?: Refusal } = {}) {
    super(message, options)
    this.refusal = options.refusal
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
    const answer = Number.isNaN(fields.errcode) ? 'without what was asked for' : fields.errcode
    super(`${fields.path}: WeChat answered ${answer} (${fields.errmsg}). ${fields.explanation}`)
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

export type HandlerProblem = 'threw' | 'timeout' | 'late' | 'misuse' | 'business'

/**
 * A handler threw (`cause` holds what), took too long, or asked for what can't be done; `business`: to reply in a
 * sub-merchant's session.
 */
export class HandlerError extends KefuError {
  readonly code: HandlerProblem

  constructor(code: HandlerProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
