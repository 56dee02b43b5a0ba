import { Readable } from 'node:stream'
import { imageType } from '../wechat/index.js'
import { isPacked, type Reply, type Transport } from './transport.js'

/** A picture that was fetched from WeChat. */
export interface Media {
  /** By its bytes where it is a picture, else as WeChat says. */
  readonly contentType: string
  /** Bytes, where WeChat says so. */
  readonly contentLength: number | undefined
  readonly filename: string | undefined
  /** To be read or destroyed by whoever asked; fails with NetworkError where the picture is cut. */
  readonly body: Readable
}

/** By so many bytes a picture, and the beginning of an error, are known. */
const HEAD_BYTES = 16

/**
 * The response of media/get: the file, or the text of anything else. Told by the bytes: WeChat has called pictures
 * text/plain, and errors image/jpeg or nothing at all. Throws NetworkError.
 */
export async function readMedia(transport: Transport, path: string, given: Reply): Promise<Media | string> {
  const first = await transport.peek(path, given, HEAD_BYTES)
  const reply = isPacked(first.head) && !first.ended ? transport.unpacked(given) : given
  const { head, ended } = reply === given ? first : await transport.peek(path, reply, HEAD_BYTES)
  const type = imageType(head)
  const named = header(reply, 'content-type') ?? 'application/octet-stream'
  const isFile = type !== undefined || (!isText(head) && !/^(application\/json|text\/)/i.test(named))
  if (reply.statusCode !== 200 || !isFile)
    return ended ? head.toString('utf8') : await transport.text(path, reply)
  const length = header(reply, 'content-length')
  return {
    contentType: type ?? named,
    contentLength: length === undefined ? undefined : Number(length),
    filename: /filename="([^"]*)"/.exec(header(reply, 'content-disposition') ?? '')?.[1],
    body: ended ? Readable.from([head]) : transport.stream(path, reply),
  }
}

/** Nothing, JSON, XML, or a page that somebody in between has put there. */
function isText(head: Uint8Array): boolean {
  const text = Buffer.from(head)
    .toString('utf8')
    .replace(/^[\ufeff\s\0]+/, '')
  return text === '' || /^(?:\{|\[|"|<(?:!doctype|html|xml|\?xml))/i.test(text)
}

function header({ headers }: Reply, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}
