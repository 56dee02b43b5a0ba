import type { IncomingMessage } from 'node:http'
import { ConfigError, DecodeError } from '../errors.js'
import { limits } from '../wechat/index.js'

/**
 * A push's body as it came: from the stream, or, behind a body parser, from what the parser kept. Of a body that
 * is larger than any push, only enough is read for decodePush to refuse it.
 * Throws DecodeError (`format`) when the body ends early, and ConfigError when a parser has consumed it and kept
 * too little.
 */
export async function rawBody(req: IncomingMessage, request: object = {}): Promise<Buffer | string> {
  const { rawBody: kept, body: parsed }: { rawBody?: unknown; body?: unknown } = request
  if (typeof kept === 'string' || Buffer.isBuffer(kept)) return kept
  if (!req.readableDidRead) return read(req)
  if (isPush(parsed) && isExact(parsed)) return JSON.stringify(parsed)
  throw new ConfigError(
    'A body parser consumed the push before webhook() and kept no rawBody. Put webhook() in front of the parser, or ' +
      'use one that keeps ctx.request.rawBody (koa-bodyparser and @koa/bodyparser do).',
  )
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
