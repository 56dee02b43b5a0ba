import type { Context, Middleware } from 'koa'
import { notFound, HttpError } from './http-error.js'
import { ConfigError } from '../errors.js'
import type { Logger } from '../log.js'
import type { ErrorAnswer as ErrorBody } from './schemas/error.js'

/** How an error is answered. */
export interface ErrorAnswer {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** Knows errors of rooms that know no HTTP; undefined for one that must not be shown. */
export type KnownErrors = (error: unknown) => ErrorAnswer | undefined

export interface ErrorFormOptions {
  readonly logger: Logger
  /** Called when a request is refused, with the status and the code of its response. */
  readonly onRefused?: (ctx: Context, refusal: { readonly status: number; readonly code: string }) => void
  readonly known: KnownErrors
}

/** Gives each failure behind it the contract's form, and what no route takes a 404. */
export function errorForm({ logger, known, onRefused }: ErrorFormOptions): Middleware {
  return async (ctx, next) => {
    try {
      await next()
      if (ctx.status === 404 && ctx.body == null) throw notFound()
    } catch (error) {
      const { status, code, message } = answerTo(error, known)
      const detail = detailOf(error)
      if (status >= 500)
        logger.error({ err: error, method: ctx.method, path: ctx.path, status }, 'a request failed')
      else onRefused?.(ctx, { status, code })
      if (error instanceof HttpError) ctx.set({ ...error.headers })
      ctx.status = status
      ctx.body = { error: { code, message, ...detail } }
    }
  }
}

/** The reason and its parameters, from which pages make words. `field` and `limit` stand beside them as well. */
function detailOf(error: unknown): Omit<ErrorBody['error'], 'code' | 'message'> {
  const refusal = error instanceof HttpError || error instanceof ConfigError ? error.refusal : undefined
  if (refusal === undefined) return {}
  const { reason, params } = refusal
  return {
    reason,
    params: { ...params },
    ...('field' in params && { field: params.field }),
    ...('limit' in params && { limit: params.limit }),
  }
}

/** Returns the response to a failed request. */
export function answerTo(error: unknown, known: KnownErrors): ErrorAnswer {
  if (isShown(error)) return error
  const answer = known(error)
  if (answer) return answer
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

const codes: Readonly<Record<number, string>> = { 404: 'not_found', 413: 'too_large', 415: 'bad_request' }
const words: Readonly<Record<number, string>> = { 413: 'The body is too large.' }

/** Whether an error says itself how it is to be answered. */
function isShown(error: unknown): error is Error & { status: number; code: string } {
  if (!(error instanceof Error && 'expose' in error && 'status' in error && 'code' in error)) return false
  return error.expose === true && typeof error.status === 'number' && typeof error.code === 'string'
}

/** Returns the status that a body parser or Koa itself gave an error. */
function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error && 'status' in error && typeof error.status === 'number')) return undefined
  const { status } = error
  if (status === 404 || status === 413) return status
  return status >= 400 && status < 500 ? 400 : undefined
}
