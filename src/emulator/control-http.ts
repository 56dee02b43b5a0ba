import type { Context, Middleware } from 'koa'
import { ConfigError } from '../errors.js'
import type { Logger } from '../log.js'
import { maxPictureBytes } from './media-library.js'
import { BrokenRequest, readBody } from './request-body.js'

/** Bytes of JSON that the control API takes at most. */
const maxJsonBytes = 256 * 1024
/** How deep it may be nested: WeChat's pushes nest three. */
const maxDepth = 64

/** An answer of the control API that is an error. */
export class ControlError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Gives the control API its headers, and every error its form. */
export function controlFrame(logger: Logger): Middleware {
  return async (ctx, next) => {
    ctx.set('cache-control', 'no-store')
    ctx.set('x-content-type-options', 'nosniff')
    try {
      await next()
      if (ctx.respond === false || ctx.body !== undefined) return
      if (ctx.status === 404)
        throw new ControlError(404, 'not_found', 'There is no such path; docs/emulator.md lists them.')
      if (ctx.status === 405 || ctx.status === 501)
        throw new ControlError(405, 'method_not_allowed', `This path takes ${ctx.response.get('allow')}.`)
    } catch (error) {
      const { status, code, message } = asControlError(error, logger)
      ctx.status = status
      ctx.body = { error: { code, message } }
    }
  }
}

/** The body as JSON; `empty` is what no body stands for, where one may be left out. */
export async function jsonInput(ctx: Context, empty?: unknown): Promise<unknown> {
  const { bytes, complete } = await readBody(ctx.req, maxJsonBytes)
  if (!complete)
    throw new ControlError(413, 'too_large', `The body is larger than ${maxJsonBytes / 1024} KB.`)
  if (bytes.length === 0 && empty !== undefined) return empty
  if (!ctx.is('application/json'))
    throw new ControlError(415, 'unsupported_media_type', 'Send JSON, with Content-Type: application/json.')
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new ControlError(400, 'invalid_json', 'The body is not JSON.')
  }
  if (isWithin(value, maxDepth)) return value
  throw new ControlError(400, 'invalid_json', `The body is nested deeper than ${maxDepth} levels.`)
}

/** JSON.parse reads any depth; what walks over it afterwards would overflow the stack. */
function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((child) => isWithin(child, depth - 1))
}

/** The body as a picture's bytes; what they really are is looked at where they are kept. */
export async function pictureInput(ctx: Context): Promise<Buffer> {
  if (!ctx.is('image/*')) throw notAPicture()
  const { bytes, complete } = await readBody(ctx.req, maxPictureBytes)
  if (complete) return bytes
  throw new ControlError(413, 'too_large', `The picture is larger than ${maxPictureBytes / 1024 / 1024} MB.`)
}

export function notAPicture(): ControlError {
  return new ControlError(
    415,
    'unsupported_media_type',
    'Send the bytes of a PNG, JPEG or GIF picture, with Content-Type: image/png, image/jpeg or image/gif.',
  )
}

function asControlError(error: unknown, logger: Logger): ControlError {
  if (error instanceof ControlError) return error
  if (error instanceof ConfigError) return new ControlError(400, 'invalid_input', error.message)
  if (error instanceof BrokenRequest) return new ControlError(400, 'broken_request', error.message)
  logger.error({ err: error }, 'The emulator failed at a control request')
  return new ControlError(500, 'internal', 'The emulator failed; its log says more.')
}
