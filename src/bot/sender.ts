import type { Readable } from 'node:stream'
import type { OutgoingImage, OutgoingMessage, OutgoingMiniProgramPage } from '../wechat/index.js'

/** Who carries messages to customers: `Api` sends at once, an outbox sends for certain. */
export interface Sender {
  send(openId: string, message: OutgoingMessage): Promise<void>
  setTyping(openId: string, on: boolean): Promise<void>
  /** Uploads a picture and returns its media id, for messages with a `file`. A sender may be without it. */
  uploadTempMedia?(file: PictureFile): Promise<{ readonly mediaId: string }>
}

/** A picture to upload, PNG, JPG or GIF of at most 2 MB: a file's path, its bytes, or a stream of them. */
export type PictureFile = string | Uint8Array | Readable

/** A message with the picture itself in place of its media id: an image, or a Mini Program card with its cover. */
export type MessageWithFile =
  | (Omit<OutgoingImage, 'mediaId'> & { readonly file: PictureFile })
  | (Omit<OutgoingMiniProgramPage, 'thumbMediaId'> & { readonly file: PictureFile })
