import { randomBytes } from 'node:crypto'
import { imageType, limits, type ImageType } from '../wechat/index.js'

export interface Media {
  readonly mediaId: string
  readonly bytes: Buffer
  readonly type: ImageType
  expiresAt: number
  /** The apps that may use it: the one that uploaded it, or those a customer sent it to. */
  readonly appIds: Set<string>
}

/** WeChat's bound for a picture: /miniprogram/dev/server/API/kf-mgnt/kf-message/api_uploadtempmedia (it also says 2 MB). */
export const maxPictureBytes = 10 * 1024 * 1024
/** Past this the oldest pictures go: the emulator lives in memory. */
const maxTotalBytes = 256 * 1024 * 1024

/** Temporary media: pictures for three days, from services and from customers. */
export class MediaLibrary {
  readonly #items = new Map<string, Media>()
  #totalBytes = 0

  /** Keeps a picture; undefined when the bytes are none that WeChat takes (PNG, JPEG, GIF). */
  add(bytes: Buffer, now: number, appId?: string): Media | undefined {
    const type = imageType(bytes)
    if (type === undefined || type === 'image/webp') return undefined
    const media: Media = {
      mediaId: randomBytes(48).toString('base64url'),
      bytes,
      type,
      expiresAt: now + limits.mediaSeconds * 1000,
      appIds: new Set(appId === undefined ? [] : [appId]),
    }
    this.#items.set(media.mediaId, media)
    this.#totalBytes += bytes.length
    for (const [mediaId, oldest] of this.#items) {
      if (this.#totalBytes <= maxTotalBytes) break
      this.#items.delete(mediaId)
      this.#totalBytes -= oldest.bytes.length
    }
    return media
  }

  /** Also one that has expired for the API: a phone goes on showing it. */
  get(mediaId: string): Media | undefined {
    return this.#items.get(mediaId)
  }

  /** Returns a file, where this app may have it. */
  usable(mediaId: string, appId: string, now: number): Media | undefined {
    const media = this.#items.get(mediaId)
    return media?.appIds.has(appId) && now < media.expiresAt ? media : undefined
  }

  /** When the emulator's clock goes back, what is left of each one's life stays the same. */
  shift(ms: number): void {
    for (const media of this.#items.values()) media.expiresAt -= ms
  }
}

/** Where the emulator serves a picture, as a path. */
export function mediaPath(mediaId: string): string {
  return `/_emulator/media/${mediaId}`
}
