import type { IncomingMessage } from 'node:http'

/** A request's body; `complete` is false when it was larger than allowed, and what is over is thrown away. */
export async function readBody(
  req: IncomingMessage,
  maxBytes: number,
): Promise<{ bytes: Buffer; complete: boolean }> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    length += chunk.length
    // Read on, so that a client that writes all before it reads gets its answer, but not for ever.
    if (length > maxBytes * 8) break
    if (length <= maxBytes) chunks.push(chunk)
  }
  return { bytes: Buffer.concat(chunks), complete: length <= maxBytes }
}
