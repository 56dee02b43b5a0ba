/** The platform's numbers that the composer counts with; src/wechat/limits.ts has their sources, a test that they agree. */
export const composerLimits = {
  /** One text message, in UTF-8 bytes. */
  textBytes: 2048,
  /** An image that WeChat takes. */
  imageBytes: 2 * 1024 * 1024,
  /** What can be given to the page before it is made smaller. */
  pickedBytes: 30 * 1024 * 1024,
  /** Characters from which a text is long for a chat. */
  longText: 600,
  /** A Mini Program card's cover. */
  cover: { width: 520, height: 416 },
} as const
