import type { IncomingMessage } from 'node:http'
import { ConfigError, DecodeError } from '../errors.js'
import { limits } from '../wechat/index.js'

/** Members by which hosts and their body parsers keep a body. */
interface Kept {
  readonly rawBody?: unknown
  readonly body?: unknown
}

/**
 * A push's body as it came: from the stream, or, behind a body parser, from what the parser kept. That is the `rawBody`
 * of koa-bodyparser, @koa/bodyparser, Nest and many a `verify`, or the `body` of a parser that makes a text or a Buffer of
 * it, as koa-body, express.text and express.raw do. Of a body that is larger than any push, only enough is read for
 * decodePush to refuse it.
 * Throws DecodeError (`format`) when the body ends early, and ConfigError when a parser has consumed it and kept
 * too little.
 */
export async function rawBody(req: IncomingMessage, request: object = req): Promise<Buffer | string> {
  const { rawBody: kept, body: parsed }: Kept = request
  const { rawBody: keptOnNode }: Kept = req as Kept
  if (isWhole(kept)) return kept
  if (isWhole(keptOnNode)) return keptOnNode
  if (!req.readableDidRead) return read(req)
  // An empty text says that the parser took another body than this for its own.
  if (isWhole(parsed) && parsed.length > 0) return parsed
  if (isPush(parsed) && isExact(parsed)) return JSON.stringify(parsed)
  throw new ConfigError(
    'A body parser consumed the push before kefu and kept no rawBody. In Koa put webhook() in front of the parser, or use ' +
      'one that keeps ctx.request.rawBody (koa-bodyparser and @koa/bodyparser do). Elsewhere let the host keep the ' +
      'bytes: docs/frameworks.md has Express, Nest, Fastify and Hono.',
  )
}

function isWhole(body: unknown): body is Buffer | string {
  return typeof body === 'string' || Buffer.isBuffer(body)
}

function read(req: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const settle = (result: Buffer | DecodeError): void => {
      req.off('data', onData).off('end', onEnd).off('error', onCut).off('close', onCut)
      if (result instanceof DecodeError) reject(result)
      else resolve(result)
    }
    const onData = (chunk: Buffer | string): void => {
      // Text when something called req.setEncoding().
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      length += bytes.length
      chunks.push(bytes)
      if (length > limits.pushBytes) onEnd()
    }
    const onEnd = (): void => {
      settle(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks))
    }
    const onCut = (): void => {
      settle(new DecodeError('format', 'The push’s body ended early: the connection was cut.'))
    }
    // A connection that was cut before we came here says so no more.
    if (req.destroyed) onCut()
    else req.on('data', onData).on('end', onEnd).on('error', onCut).on('close', onCut)
  })
}

/** Whether a parser read JSON: one that reads a form or XML also leaves an object, of another shape. */
function isPush(parsed: unknown): parsed is object {
  return typeof parsed === 'object' && parsed !== null && ('Encrypt' in parsed || 'MsgType' in parsed)
}

/** Whether a parsed JSON body still says all that the bytes said: an id beyond 2^53 has been rounded. */
function isExact(value: unknown, depth: number = limits.jsonDepth): boolean {
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((child) => isExact(child, depth - 1))
}
