import { hash, timingSafeEqual } from 'node:crypto'

/**
 * WeChat's signature: SHA-1, in lower-case hex, of the parts sorted by their bytes and joined. Three parts
 * (token, timestamp, nonce) make `signature`, with the ciphertext as a fourth they make `msg_signature`.
 * Source: /miniprogram/dev/framework/server-ability/message-push
 */
export function sign(...parts: string[]): string {
  return hash('sha1', parts.sort(byBytes).join(''), 'hex')
}

/** Compares a given signature with the right one in a time that tells nothing about where they differ. */
export function verifySignature(given: string, ...parts: string[]): boolean {
  const right = Buffer.from(sign(...parts))
  const other = Buffer.from(given)
  return other.length === right.length && timingSafeEqual(other, right)
}

// UTF-16 order equals byte order for everything WeChat sends (ASCII).
function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
