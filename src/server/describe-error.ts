import { ApiError, KefuError, NetworkError } from '../errors.js'

/** The part of an error that may leave the process: see describeError. */
export interface ErrorDescription {
  readonly name: string
  readonly message: string
  readonly code?: string | number
  readonly errcode?: number
  readonly rid?: string
  readonly path?: string
  /** Where docs/errors.md explains it. */
  readonly docs?: string
  readonly stack?: string
  readonly cause?: ErrorDescription
}

const DEPTH = 3

/**
 * An error for the log: only what is known to be free of secrets and customers' words. Database drivers put whole
 * rows into `detail` and `where`, and V8 quotes the text that is no JSON.
 */
export function describeError(error: unknown, depth = DEPTH): ErrorDescription {
  if (!(error instanceof Error))
    return { name: 'Thrown', message: `something that is no error (${typeof error})` }
  const code =
    'code' in error && (typeof error.code === 'string' || typeof error.code === 'number')
      ? error.code
      : undefined
  const stack = frames(error)
  return {
    name: error.name,
    message: messageOf(error),
    ...(code === undefined ? {} : { code }),
    ...(error instanceof ApiError && {
      errcode: error.errcode,
      ...(error.rid !== undefined && { rid: error.rid }),
    }),
    ...((error instanceof ApiError || error instanceof NetworkError) && { path: error.path }),
    ...(error instanceof KefuError && 'docs' in error && { docs: String(error.docs) }),
    // Where a person is told what to do, the place in our code is of no use.
    ...(error instanceof KefuError || stack === '' ? {} : { stack }),
    ...(error.cause === undefined || depth === 0 ? {} : { cause: describeError(error.cause, depth - 1) }),
  }
}

function messageOf(error: Error): string {
  if (error instanceof SyntaxError && /JSON/.test(error.message)) return 'not valid JSON'
  // PostgreSQL quotes a value that it can't read behind a colon.
  if ('severity' in error) return error.message.replace(/: .*/s, '')
  return error.message.slice(0, 1000)
}

/** The stack without its first lines, which repeat the message. */
function frames(error: Error): string {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 12)
    .join('\n')
}
