import { KefuError } from '../errors.js'

/** The words that programs compare, with the status that goes with each. */
const statuses = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  invalid: 422,
  too_many: 429,
  unavailable: 503,
} as const

export type RefusalCode = keyof typeof statuses

/** What is wrong, for pages that say it in their own language. */
export interface RefusalDetail {
  readonly reason: string
  readonly field?: string
  readonly limit?: number
}

/** A request that is not carried out, in the contract's form: `{ error: { code, message } }`. */
export class Refusal extends KefuError {
  readonly status: number
  readonly code: RefusalCode
  /** As any error's that may be shown. */
  readonly expose = true
  /** To be set on the answer, such as Retry-After. */
  readonly headers: Readonly<Record<string, string>>
  readonly detail: RefusalDetail | undefined

  constructor(
    code: RefusalCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    detail?: RefusalDetail,
  ) {
    super(message)
    this.status = statuses[code]
    this.code = code
    this.headers = headers
    this.detail = detail
  }
}

/** A refusal whose reason pages know. */
export function refusalFor(reason: string, code: RefusalCode, message: string): Refusal {
  return new Refusal(code, message, {}, { reason })
}

/** What is not there, or is not to be seen by whoever asks: the two look the same. */
export function notFound(): Refusal {
  return new Refusal('not_found', 'There is nothing here.')
}
