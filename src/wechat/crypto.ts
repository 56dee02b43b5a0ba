import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { ConfigError, DecodeError } from '../errors.js'

/**
 * WeChat's message encryption: AES-256-CBC over `random(16) + length(4, big endian) + message + appid`,
 * padded by PKCS#7 to 32 bytes, in base64. The IV is the key's first half.
 * Source: /miniprogram/dev/framework/server-ability/message-push
 */
const BLOCK = 32
const RANDOM_BYTES = 16
const HEADER_BYTES = RANDOM_BYTES + 4

/** The 32 bytes of an EncodingAESKey; throws ConfigError when it is not 43 characters of base64. */
export function decodeAESKey(encodingAESKey: string): Buffer {
  if (!/^[A-Za-z0-9+/]{43}$/.test(encodingAESKey))
    throw new ConfigError(
      `encodingAESKey must be the 43 letters and digits shown at mp.weixin.qq.com (开发管理 › 消息推送); ` +
        `this one has ${encodingAESKey.length} characters${encodingAESKey.length === 43 ? ', some of them not allowed' : ''}.`,
    )
  return Buffer.from(`${encodingAESKey}=`, 'base64')
}

/** Encrypts a message for, or from, the given app; `random` is 16 bytes and given only by tests. */
export function encrypt(
  message: string | Uint8Array,
  key: Uint8Array,
  appId: string,
  random: Uint8Array = randomBytes(RANDOM_BYTES),
): string {
  const body = Buffer.from(message)
  const tail = Buffer.from(appId)
  const length = HEADER_BYTES + body.length + tail.length
  const padding = BLOCK - (length % BLOCK)
  const plain = Buffer.alloc(length + padding, padding)
  plain.set(random, 0)
  plain.writeUInt32BE(body.length, RANDOM_BYTES)
  plain.set(body, HEADER_BYTES)
  plain.set(tail, HEADER_BYTES + body.length)
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  return cipher.update(plain, undefined, 'base64') + cipher.final('base64')
}

export interface Decrypted {
  readonly message: Buffer
  /** The appid at the tail, which the caller compares with its own. */
  readonly appId: string
}

/** Decrypts one message; see decryptor. */
export function decrypt(encrypted: string, key: Uint8Array): Decrypted {
  return decryptor(key)(encrypted)
}

/**
 * Decrypts messages of one key, each to its bytes and the appid at its tail.
 * Throws DecodeError (`decrypt`), with one text for every way in which a padding can be wrong.
 */
export function decryptor(key: Uint8Array): (encrypted: string) => Decrypted {
  // Node unpads to AES's own block of 16 and refuses WeChat's 32, so the padding is taken off by hand. Without it
  // the decipher holds nothing back and serves for every message (a new one costs as much as all else): in CBC what
  // came before disturbs the first block only, and that is WeChat's random prefix, which nobody reads.
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  return (encrypted) => {
    const bytes = Buffer.from(encrypted, 'base64')
    if (bytes.length === 0 || bytes.length % BLOCK !== 0 || !isWhole(encrypted, bytes)) throw unreadable()
    const plain = decipher.update(bytes)
    const end = plain.length - paddingOf(plain)
    const messageEnd = HEADER_BYTES + plain.readUInt32BE(RANDOM_BYTES)
    if (messageEnd > end) throw unreadable()
    return {
      message: plain.subarray(HEADER_BYTES, messageEnd),
      appId: plain.toString('utf8', messageEnd, end),
    }
  }
}

/** Whether a text is base64 to its end: Node passes over what is none, so that fewer bytes come of it. */
function isWhole(encrypted: string, { length }: Buffer): boolean {
  const padding = encrypted.endsWith('==') ? 2 : encrypted.endsWith('=') ? 1 : 0
  // Node takes the alphabet of URLs, too.
  return (
    encrypted.length % 4 === 0 &&
    length === (encrypted.length / 4) * 3 - padding &&
    !encrypted.includes('-') &&
    !encrypted.includes('_')
  )
}

function paddingOf(plain: Buffer): number {
  const padding = plain[plain.length - 1] ?? 0
  if (padding < 1 || padding > BLOCK) throw unreadable()
  for (let i = plain.length - padding; i < plain.length; i++) if (plain[i] !== padding) throw unreadable()
  return padding
}

function unreadable(): DecodeError {
  return new DecodeError(
    'decrypt',
    'The push is signed with our token but cannot be decrypted. The EncodingAESKey here is probably not the one ' +
      'at mp.weixin.qq.com (开发管理 › 消息推送): copy it again.',
  )
}
