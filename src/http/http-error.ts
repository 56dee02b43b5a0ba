import { KefuError } from '../errors.js'
import type { ParamsArgument } from '../protocol/coded.js'
import {
  errorStatus,
  refusal,
  type ErrorCode,
  type Refusal,
  type RefusalParams,
  type RefusalReason,
} from '../protocol/refusals.js'

/** A request that is not carried out, in the contract's form: `{ error: { code, message, reason?, params? } }`. */
export class HttpError extends KefuError {
  readonly status: number
  readonly code: ErrorCode
  /** As any error's that may be shown. */
  readonly expose = true
  /** To be set on the answer, such as Retry-After. */
  readonly headers: Readonly<Record<string, string>>
  /** From which pages make words in their own language. */
  readonly refusal: Refusal | undefined

  constructor(
    code: ErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    refusal?: Refusal,
  ) {
    super(message)
    this.status = errorStatus[code]
    this.code = code
    this.headers = headers
    this.refusal = refusal
  }
}

/** An error whose reason pages have words for. */
export function httpErrorFor<R extends RefusalReason>(
  reason: R,
  code: ErrorCode,
  message: string,
  ...params: ParamsArgument<RefusalParams[R]>
): HttpError {
  return new HttpError(code, message, {}, refusal(reason, ...params))
}

/** The same for a thing that is not there and for one that the asker may not see. */
export function notFound(): HttpError {
  return new HttpError('not_found', 'There is nothing here.')
}
