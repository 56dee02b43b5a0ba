import { createHash } from 'node:crypto'
import { ApiError, MediaError, NetworkError } from '../../errors.js'
import type { MediaTable, Tx } from '../../store/index.js'
import { limits } from '../../wechat/index.js'
import { mayUse } from '../../http/principal.js'
import { readBytes } from '../../http/read-bytes.js'
import { notFound, HttpError, httpErrorFor } from '../../http/http-error.js'
import { Raw, route, type Route } from '../../http/route.js'
import { byId } from '../../http/schemas/list.js'
import { mediaSummary, uploadedPicture, uploadQuery } from '../schemas/media.js'
import type { Submits } from '../../people/submits.js'

/** A picture that is kept. */
interface Picture {
  readonly id: number
  readonly appId: string
  readonly mediaId: string
  readonly state: MediaTable['state']
  readonly problem: string | null
  readonly mime: MediaTable['mime']
  readonly width: number | null
  readonly height: number | null
  readonly bytes: number | null
}

export interface MediaRoutesOptions {
  readonly submits: Submits
  readonly library: {
    find(id: number): Promise<Picture | undefined>
    read(id: number): Promise<Buffer | undefined>
    /** Gives a picture to WeChat and keeps it; undefined when the Mini Program is not configured. */
    add(
      appId: string,
      bytes: Uint8Array,
      made?: (tx: Tx, picture: Picture) => Promise<void>,
    ): Promise<Picture | undefined>
  }
  readonly fetcher: {
    /** Asks WeChat once more; false when that is no use. */
    again(id: number): Promise<boolean>
  }
}

/** Pictures: those of customers to be seen, those of agents to be sent. */
export function mediaRoutes({ submits, library, fetcher }: MediaRoutesOptions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/media/:id',
      summary: 'A picture’s bytes. Only PNG, JPEG, GIF and WebP are kept, told by their bytes.',
      access: 'agent',
      params: byId,
      response: new Raw('image/*'),
      async handle({ params: { id }, principal, ctx }) {
        const picture = await library.find(id)
        if (!picture || !mayUse(principal, picture.appId)) throw notFound()
        const bytes = picture.mime === null ? undefined : await library.read(id)
        if (!bytes || picture.mime === null)
          throw new HttpError('not_found', `The picture is not here: it is ${picture.state}.`)
        ctx.type = picture.mime
        ctx.set(pictureHeaders)
        ctx.set('Content-Disposition', `inline; filename="picture-${id}.${extensions[picture.mime]}"`)
        ctx.body = bytes
        return undefined
      },
    }),
    route({
      method: 'POST',
      path: '/media/:id/fetch',
      summary: 'Asks WeChat at once for a picture that could not be fetched.',
      access: 'agent',
      params: byId,
      response: mediaSummary,
      async handle({ params: { id }, principal }) {
        const before = await library.find(id)
        if (!before || !mayUse(principal, before.appId)) throw notFound()
        const isAsked = await fetcher.again(id)
        if (!isAsked && before.state === 'expired')
          throw httpErrorFor(
            'picture_expired',
            'conflict',
            'WeChat keeps pictures for three days; this one is gone.',
          )
        if (!isAsked && before.state === 'failed')
          throw httpErrorFor(
            'picture_unshowable',
            'conflict',
            `What WeChat has can’t be shown (${before.problem ?? 'failed'}): fetching it again changes nothing.`,
          )
        const { state, problem, mime, width, height } = (await library.find(id)) ?? before
        return { id, state, problem, mime, width, height }
      },
    }),
    route({
      method: 'POST',
      path: '/media',
      summary: 'Uploads a picture (PNG, JPG or GIF, at most 2 MB) to WeChat; its `mediaId` is for messages.',
      access: 'agent',
      query: uploadQuery,
      body: new Raw('image/*'),
      response: uploadedPicture,
      status: 201,
      async handle({ query: { appId, clientId }, principal, ctx }) {
        if (!mayUse(principal, appId)) throw notFound()
        // A form of another site can't send one of these without asking first.
        if (!ctx.is('image/*', 'application/octet-stream'))
          throw new HttpError('bad_request', 'The body must be the picture itself: Content-Type: image/png.')
        const bytes = await readBytes(ctx, limits.imageBytes)
        const input = { appId, bytes: createHash('sha256').update(bytes).digest('hex') }
        const picture = await submits.once<Picture>(
          { principal, what: 'media', clientId, input },
          async (keep) => {
            const added = await library.add(appId, bytes, keep).catch(refuse)
            if (!added) throw new HttpError('invalid', 'appId: is not configured here')
            return added
          },
        )
        const { id, mediaId, mime, width, height } = picture
        return { id, mediaId, mime: mime ?? '', width: width ?? 0, height: height ?? 0, bytes: bytes.length }
      },
    }),
  ]
}

/** Whatever a picture's bytes say, nothing in them runs, and no other site shows them. */
const pictureHeaders = {
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'Cross-Origin-Resource-Policy': 'same-origin',
  // A picture never changes; it is for whoever asked alone.
  'Cache-Control': 'private, max-age=3600, immutable',
}

const extensions = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
} as const

function refuse(error: unknown): never {
  if (error instanceof MediaError)
    throw httpErrorFor(
      `picture_${error.code}`,
      error.code === 'too_large' ? 'too_large' : 'invalid',
      error.message,
    )
  if (error instanceof ApiError || error instanceof NetworkError)
    throw new HttpError('unavailable', `WeChat did not take the picture. ${error.message}`)
  throw error
}
