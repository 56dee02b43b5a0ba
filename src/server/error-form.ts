import type { Middleware } from 'koa'
import { AllowanceError, CommandError } from '../conversation/index.js'
import { Refusal, type RefusalDetail } from '../desk/index.js'
import { ConfigError } from '../errors.js'
import type { Logger } from '../log.js'
import type { Metrics } from './metrics.js'

/** A request that is answered with an error of the contract: `{ error: { code, message } }`. */
export class HttpError extends Error {
  readonly status: number
  readonly code: string
  /** As any error's that may be shown: routes of other layers have their own classes. */
  readonly expose = true

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export interface ErrorFormOptions {
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'allowanceRefusals'>
}

/** Gives each failure behind it the contract's form, and what no route takes a 404. */
export function errorForm({ logger, metrics }: ErrorFormOptions): Middleware {
  return async (ctx, next) => {
    try {
      await next()
      if (ctx.status === 404 && ctx.body == null)
        throw new HttpError(404, 'not_found', 'There is nothing here.')
    } catch (error) {
      if (error instanceof AllowanceError) metrics.allowanceRefusals.inc({ by: 'api' })
      const { status, code, message } = answerTo(error)
      const detail = detailOf(error)
      if (status >= 500)
        logger.error({ err: error, method: ctx.method, path: ctx.path, status }, 'a request failed')
      if (error instanceof Refusal) ctx.set({ ...error.headers })
      ctx.status = status
      ctx.body = { error: { code, message, ...detail } }
    }
  }
}

/** What pages make their own sentence from. */
function detailOf(error: unknown): Partial<RefusalDetail> {
  if (error instanceof Refusal) return error.detail ?? {}
  return error instanceof ConfigError && error.reason !== undefined ? { reason: error.reason } : {}
}

/** How an error is answered. */
export function answerTo(error: unknown): { status: number; code: string; message: string } {
  if (isShown(error)) return error
  if (error instanceof CommandError)
    return { status: commandStatus[error.code], code: error.code, message: error.message }
  if (error instanceof AllowanceError) return { status: 409, code: error.code, message: error.message }
  if (error instanceof ConfigError) return { status: 422, code: error.code, message: error.message }
  const status = statusOf(error)
  if (status !== undefined)
    return {
      status,
      code: codes[status] ?? 'bad_request',
      message: words[status] ?? 'The request can’t be read.',
    }
  return {
    status: 503,
    code: 'unavailable',
    message: 'That could not be done now. Try again; the log says why.',
  }
}

const commandStatus = { not_found: 404, not_yours: 403, not_possible: 409 } as const satisfies Record<
  CommandError['code'],
  number
>
const codes: Readonly<Record<number, string>> = { 404: 'not_found', 413: 'too_large', 415: 'bad_request' }
const words: Readonly<Record<number, string>> = { 413: 'The body is too large.' }

/** Whether an error says itself how it is to be answered. */
function isShown(error: unknown): error is Error & { status: number; code: string } {
  if (!(error instanceof Error && 'expose' in error && 'status' in error && 'code' in error)) return false
  return error.expose === true && typeof error.status === 'number' && typeof error.code === 'string'
}

/** What a body parser or Koa itself found wrong with a request. */
function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error && 'status' in error && typeof error.status === 'number')) return undefined
  const { status } = error
  if (status === 404 || status === 413) return status
  return status >= 400 && status < 500 ? 400 : undefined
}
