const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** Those of them that may end 43 characters of Base64 for 32 bytes. */
const ends = 'AEIMQUYcgkosw048'

/** A token for messages pushed by WeChat: 32 letters and digits. */
export function makeToken(): string {
  return pick(letters, 32)
}

/** An EncodingAESKey: 43 letters and digits that are 32 bytes in Base64 without its padding. */
export function makeEncodingAESKey(): string {
  return pick(letters, 42) + pick(ends, 1)
}

function pick(from: string, count: number): string {
  let text = ''
  // Bytes past the last whole turn would make the first letters likelier.
  const most = 256 - (256 % from.length)
  while (text.length < count)
    for (const byte of crypto.getRandomValues(new Uint8Array(count)))
      if (byte < most && text.length < count) text += from[byte % from.length] ?? ''
  return text
}
