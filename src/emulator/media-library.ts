import { imageType, limits, type ImageType } from '../wechat/index.js'
import { Randomness } from './random.js'

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
const defaultTotalBytes = 256 * 1024 * 1024

export interface MediaLibraryOptions {
  readonly random?: Randomness
  /** The path before `/_emulator`; empty at the emulator's own address. */
  readonly prefix?: string
  /** Bytes of all pictures together. */
  readonly maxTotalBytes?: number
}

/** Temporary media: pictures for three days, from services and from customers. */
export class MediaLibrary {
  readonly #items = new Map<string, Media>()
  readonly #random: Randomness
  readonly #prefix: string
  readonly #maxTotalBytes: number
  #totalBytes = 0

  constructor(options: MediaLibraryOptions = {}) {
    const { random = new Randomness(), prefix = '', maxTotalBytes = defaultTotalBytes } = options
    this.#random = random
    this.#prefix = prefix
    this.#maxTotalBytes = maxTotalBytes
  }

  /** Keeps a picture; undefined when the bytes are none that WeChat takes (PNG, JPEG, GIF). */
  add(bytes: Buffer, now: number, appId?: string): Media | undefined {
    const type = imageType(bytes)
    if (type === undefined || type === 'image/webp') return undefined
    const media: Media = {
      mediaId: this.#random.bytes('media', 48).toString('base64url'),
      bytes,
      type,
      expiresAt: now + limits.mediaSeconds * 1000,
      appIds: new Set(appId === undefined ? [] : [appId]),
    }
    this.#items.set(media.mediaId, media)
    this.#totalBytes += bytes.length
    for (const [mediaId, oldest] of this.#items) {
      if (this.#totalBytes <= this.#maxTotalBytes) break
      this.#drop(mediaId, oldest)
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

  /** Takes an app's pictures away; those that another app may use, too, stay there for it. */
  forget(appId: string): void {
    for (const [mediaId, media] of this.#items)
      if (media.appIds.delete(appId) && media.appIds.size === 0) this.#drop(mediaId, media)
  }

  /** Where the emulator serves a picture, as a path. */
  pathOf(mediaId: string): string {
    return `${this.#prefix}/_emulator/media/${mediaId}`
  }

  #drop(mediaId: string, media: Media): void {
    this.#items.delete(mediaId)
    this.#totalBytes -= media.bytes.length
  }
}
