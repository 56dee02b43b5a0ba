const encoder = new TextEncoder()

/** How many bytes a text is in UTF-8, as WeChat counts. */
export function utf8Bytes(text: string): number {
  return encoder.encode(text).length
}
