import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { FormData } from 'undici'
import { MediaError } from '../errors.js'
import { imageType, limits } from '../wechat/index.js'

/** A picture to upload: a file's path, its bytes, or a stream of them. */
export type MediaSource = string | Uint8Array | Readable

/**
 * The upload's form, when the source is a PNG, JPEG or GIF of at most 2 MB; type and size are told from the
 * bytes. Throws MediaError.
 */
export async function imageForm(source: MediaSource, filename?: string): Promise<FormData> {
  const bytes = source instanceof Uint8Array ? checkSize(source) : await readBounded(source)
  const type = imageType(bytes)
  if (type === undefined || type === 'image/webp')
    throw new MediaError(
      'unsupported',
      `The file is ${type === undefined ? 'no picture that kefu knows' : 'a WebP picture'}; WeChat takes PNG, JPG and GIF. Convert it first.`,
    )
  const name =
    filename ?? (typeof source === 'string' ? basename(source) : `image.${type.slice('image/'.length)}`)
  const form = new FormData()
  form.append('media', new File([bytes], name, { type }), name)
  return form
}

async function readBounded(source: string | Readable): Promise<Uint8Array> {
  const stream = typeof source === 'string' ? createReadStream(source) : source
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of stream as AsyncIterable<unknown>) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      if (!(bytes instanceof Uint8Array)) throw new TypeError('the stream gives objects, not bytes')
      length += bytes.length
      if (length > limits.imageBytes) throw tooLarge()
      chunks.push(bytes)
    }
  } catch (error) {
    if (error instanceof MediaError) throw error
    throw new MediaError(
      'unreadable',
      'The file to upload can’t be read. Check its path and permissions, or the stream.',
      { cause: error },
    )
  } finally {
    stream.destroy()
  }
  return checkSize(Buffer.concat(chunks))
}

function checkSize(bytes: Uint8Array): Uint8Array {
  if (bytes.length > limits.imageBytes) throw tooLarge()
  if (bytes.length === 0) throw new MediaError('unreadable', 'The file to upload is empty.')
  return bytes
}

function tooLarge(): MediaError {
  return new MediaError(
    'too_large',
    `The file is larger than ${limits.imageBytes / 1024 / 1024} MB, more than WeChat surely takes. Make it smaller.`,
  )
}
