import type { IncomingMessage } from 'node:http'

/** The client went away before its request, or the answer, was whole: nobody's failure here. */
export class BrokenRequest extends Error {}

const brokenCodes = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'])

/** Whether an error means no more than that. */
export function isBrokenRequest(error: unknown): boolean {
  if (error instanceof BrokenRequest) return true
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return brokenCodes.has(code) || code.startsWith('HPE_')
}

/**
 * A request's body; `complete` is false when it was larger than allowed, and what is over is thrown away.
 * Throws BrokenRequest.
 */
export async function readBody(
  req: IncomingMessage,
  maxBytes: number,
): Promise<{ bytes: Buffer; complete: boolean }> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      length += chunk.length
      // Read on, so that a client that writes all before it reads gets its answer, but not for ever.
      if (length > maxBytes * 8) break
      if (length <= maxBytes) chunks.push(chunk)
    }
  } catch (error) {
    throw new BrokenRequest('The request ended before its body did.', { cause: error })
  }
  return { bytes: Buffer.concat(chunks), complete: length <= maxBytes }
}
