import type { Context } from 'koa'
import { HttpError } from './http-error.js'

/** A request's body that is not JSON. Throws HttpError when it is larger than so many bytes, or cut off. */
export async function readBytes(ctx: Context, most: number): Promise<Buffer> {
  const tooLarge = (): HttpError =>
    new HttpError('too_large', `The body is larger than ${most / 1024 / 1024} MB.`, { Connection: 'close' })
  if (Number(ctx.get('content-length')) > most) throw tooLarge()
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > most) throw tooLarge()
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof HttpError) throw error
    throw new HttpError('bad_request', 'The body did not come whole.')
  }
  return Buffer.concat(chunks)
}
