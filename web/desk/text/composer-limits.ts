import { limits } from '../../../src/wechat/limits.js'

/** The numbers that the composer counts with: the platform's, and its own. */
export const composerLimits = {
  /** One text message, in UTF-8 bytes. */
  textBytes: limits.textBytes,
  /** An image that WeChat takes, in bytes. */
  imageBytes: limits.imageBytes,
  /** Bytes. A larger file is not taken by the page; a smaller one is made as small as WeChat wants it. */
  pickedBytes: 30 * 1024 * 1024,
  /** Characters from which a text is long for a chat. */
  longText: 600,
  /** A Mini Program card's cover, in pixels. */
  cover: { width: 520, height: 416 },
} as const
