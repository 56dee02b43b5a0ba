const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Letters and digits from the browser's secure source, each equally likely. */
function letters(count: number, from: string): string {
  let text = ''
  while (text.length < count)
    for (const byte of crypto.getRandomValues(new Uint8Array(count)))
      if (byte < 256 - (256 % from.length) && text.length < count) text += from.charAt(byte % from.length)
  return text
}

/** An OpenID as WeChat's look: `o` and 27 more. */
export function randomOpenId(): string {
  return `o${letters(27, alphabet)}`
}

/** An appid that no real Mini Program has to share: `wx` and 16 hexadecimal digits. */
export function randomAppId(): string {
  return `wx${letters(16, '0123456789abcdef')}`
}

/** An AppSecret's 32 hexadecimal digits. */
export function randomAppSecret(): string {
  return letters(32, '0123456789abcdef')
}

/** A Token of the push configuration. */
export function randomToken(): string {
  return letters(20, alphabet)
}

/** 43 letters and digits that are 32 bytes in base64: the last one carries four bits, so two of it must be zero. */
export function randomEncodingAESKey(): string {
  return letters(42, alphabet) + letters(1, 'AEIMQUYcgkosw048')
}
