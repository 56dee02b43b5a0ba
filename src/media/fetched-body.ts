import type { Readable } from 'node:stream'

/** Larger than any picture that WeChat lets customers send. */
const MAX_BYTES = 10 * 1024 * 1024

/** All of it, or undefined when it is too large. Rejects when the signal comes first. */
export async function readBounded(signal: AbortSignal, body: Readable): Promise<Buffer | undefined> {
  const end = (): void => {
    body.destroy(late())
  }
  if (signal.aborted) end()
  signal.addEventListener('abort', end)
  try {
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > MAX_BYTES) return undefined
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } finally {
    signal.removeEventListener('abort', end)
    body.destroy()
  }
}

/** Returns a promise's value, unless the signal comes first; a later value is disposed of. */
export function unlessAborted<T>(
  signal: AbortSignal,
  promise: Promise<T>,
  dispose: (value: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      reject(late())
      promise.then(dispose, () => undefined)
    }
    if (signal.aborted) {
      end()
      return
    }
    signal.addEventListener('abort', end)
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', end)
    })
  })
}

function late(): Error {
  return new Error('the picture did not come in time')
}
