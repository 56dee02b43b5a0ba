import type { Refusal } from './protocol/refusals.js'

/** Where the errors are explained: a file of the package, and of the checkout. */
export const errorsPage = 'docs/errors.md'

/** How errors speak that come of WeChat's answers. */
export interface ErrorWords {
  /** Of the explanation; English when not given. */
  readonly language?: 'zh' | 'en' | undefined
  /** The address at which docs/errors.md is shown; the file's path when not given. */
  readonly errorsUrl?: string | undefined
}

/**
 * The base of every error that kefu throws on purpose. A message says what failed, why if known, and what to do; none
 * holds a secret, a token, a URL with one, or a customer's text. docs/errors.md has the codes of the
 * public ones, whose field `docs` leads there.
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
  /** Where the page of errors explains it. */
  readonly docs = `${errorsPage}#config`
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
  readonly docs: string

  constructor(code: SignatureProblem, message: string) {
    super(message)
    this.code = code
    this.docs = `${errorsPage}#signature-${code}`
  }
}

export type DecodeProblem = 'too_large' | 'format' | 'decrypt' | 'app_id' | 'key'

/** A push that is signed but can't be read. Answered with 400, or 413 where `code` is `too_large`. */
export class DecodeError extends KefuError {
  readonly code: DecodeProblem
  readonly docs: string

  constructor(code: DecodeProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.docs = `${errorsPage}#decode-${code}`
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
  /** Where the page of errors explains it. */
  readonly docs: string

  constructor(
    fields: {
      errcode: number
      errmsg: string
      rid: string | undefined
      path: string
      reason: string
      /** In the language of the words. */
      explanation: string
    },
    { language = 'en', errorsUrl = errorsPage }: ErrorWords = {},
  ) {
    const docs = `${errorsUrl}#${fields.reason === 'unknown' ? 'unknown' : fields.errcode}`
    super(`${answered(fields, language)} ${docs}`)
    this.docs = docs
    this.errcode = fields.errcode
    this.errmsg = fields.errmsg
    this.rid = fields.rid
    this.path = fields.path
    this.reason = fields.reason
  }
}

function answered(
  {
    path,
    errcode,
    errmsg,
    explanation,
  }: { path: string; errcode: number; errmsg: string; explanation: string },
  language: 'zh' | 'en',
): string {
  const lacks = Number.isNaN(errcode)
  return language === 'zh'
    ? `${path}：微信的应答${lacks ? '缺少所需内容' : `为 ${errcode}`}（${errmsg}）。${explanation}`
    : `${path}: WeChat answered ${lacks ? 'without what was asked for' : errcode} (${errmsg}). ${explanation}`
}

/** Whether WeChat may have accepted a request that got no answer. */
export type Acceptance = 'no' | 'unknown'

/** WeChat gave no answer that can be read. */
export class NetworkError extends KefuError {
  readonly code = 'network'
  /** Where the page of errors explains it. */
  readonly docs = `${errorsPage}#network`
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
  readonly docs: string

  constructor(code: MediaProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.docs = `${errorsPage}#media-${code}`
  }
}

export type HandlerProblem = 'threw' | 'timeout' | 'late' | 'misuse' | 'business'

/**
 * A handler threw (`cause` holds what), took too long, or asked for what can't be done; `business`: to reply in a
 * sub-merchant's session.
 */
export class HandlerError extends KefuError {
  readonly code: HandlerProblem
  readonly docs: string

  constructor(code: HandlerProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.docs = `${errorsPage}#handler-${code}`
  }
}
