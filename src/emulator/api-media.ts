import { Busboy } from '@fastify/busboy'
import { appOf, type ApiRequest, type ApiResult, type Endpoint, type EndpointContext } from './api-call.js'
import { maxPictureBytes } from './media-library.js'
import { Refusal } from './refusal.js'

/** Temporary media. */
export const mediaEndpoints: Readonly<Record<string, Endpoint>> = {
  '/cgi-bin/media/upload': { method: 'POST', needsToken: true, handle: upload },
  // WeChat has been seen to send this path's JSON refusals, with status 200, as text/plain.
  '/cgi-bin/media/get': { method: 'GET', needsToken: true, refusalType: 'text/plain', handle: get },
}

/** Source: /miniprogram/dev/server/API/kf-mgnt/kf-message/api_uploadtempmedia */
async function upload(context: EndpointContext): Promise<ApiResult> {
  const { platform, request } = context
  const app = appOf(context)
  if (request.query['type'] !== 'image') throw new Refusal(40004)
  if (!request.complete) throw new Refusal(45001)
  if (context.quirks.needsPlainFilename && isNamedByStarAlone(request, 'media')) throw new Refusal(41005)
  const bytes = await filePart(request, 'media')
  if (!bytes) throw new Refusal(41005)
  if (bytes.length === 0) throw new Refusal(40006)
  if (bytes.length > maxPictureBytes) throw new Refusal(45001)
  const now = platform.clock.now()
  const media = platform.media.add(bytes, now, app.appId)
  if (!media) throw new Refusal(40005)
  return {
    kind: 'json',
    fields: { type: 'image', media_id: media.mediaId, created_at: Math.floor(now / 1000), item: [] },
  }
}

/** Source: /miniprogram/dev/server/API/kf-mgnt/kf-message/api_getmedia */
function get(context: EndpointContext): ApiResult {
  const { platform, request } = context
  const mediaId = request.query['media_id'] ?? ''
  if (mediaId === '') throw new Refusal(41006)
  const media = platform.media.usable(mediaId, appOf(context).appId, platform.clock.now())
  if (!media) throw new Refusal(40007)
  const extension = media.type === 'image/jpeg' ? 'jpg' : media.type.slice('image/'.length)
  return { kind: 'file', bytes: media.bytes, contentType: media.type, filename: `${mediaId}.${extension}` }
}

/** Whether the file is named by `filename*=` (RFC 5987) alone, which WeChat does not read. */
function isNamedByStarAlone(request: ApiRequest, name: string): boolean {
  const [, quoted, plain] =
    /boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(request.headers['content-type'] ?? '') ?? []
  const boundary = quoted ?? plain
  if (boundary === undefined) return false
  return request.body
    .toString('latin1')
    .split(`--${boundary}`)
    .map((part) => /^content-disposition:.*$/im.exec(part.split('\r\n\r\n', 1)[0] ?? '')?.[0] ?? '')
    .filter((header) => new RegExp(`[;\\s]name="?${name}"?(;|\\s*$)`, 'i').test(header))
    .some((header) => /filename\*=/i.test(header) && !/[;\s]filename=/i.test(header))
}

/** The first file part with this name; undefined when there is none, or no multipart body at all. */
async function filePart(request: ApiRequest, name: string): Promise<Buffer | undefined> {
  const contentType = request.headers['content-type'] ?? ''
  if (!/^multipart\/form-data\s*;/i.test(contentType)) return undefined
  let found: Buffer | undefined
  await new Promise<void>((resolve, reject) => {
    const parser = new Busboy({ headers: { 'content-type': contentType }, limits: { parts: 16 } })
    parser.on('file', (field, stream) => {
      const chunks: Buffer[] = []
      stream.on('error', reject)
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        if (field === name) found ??= Buffer.concat(chunks)
      })
    })
    parser.on('finish', resolve)
    parser.on('error', reject)
    parser.end(request.body)
  }).catch(() => {
    throw new Refusal(41005, 'the body is not the multipart form that its Content-Type says')
  })
  return found
}
