import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import { ConfigError } from '../errors.js'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Seals secrets for the database: AES-256-GCM with a random nonce, as `v1.KEY.CIPHERTEXT`. A purpose is bound
 * to each, so that a sealed text moved to another row or column does not open there.
 */
export class SecretBox {
  /** Tells keys apart without telling anything about them. */
  readonly keyId: string
  readonly #key: Buffer

  constructor(key: Buffer) {
    if (key.length !== 32) throw new ConfigError('The key for secrets must be 32 bytes.')
    this.#key = key
    this.keyId = createHash('sha256')
      .update('kefu secret key id')
      .update(key)
      .digest('base64url')
      .slice(0, 12)
  }

  /** 32 bytes for a purpose, the same whenever asked: the key itself is never given away. */
  derive(purpose: string): Buffer {
    return createHmac('sha256', this.#key).update(`kefu derived key: ${purpose}`).digest()
  }

  encrypt(text: string, purpose: string): string {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    cipher.setAAD(Buffer.from(purpose))
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return `v1.${this.keyId}.${sealed.toString('base64url')}`
  }

  /** Throws ConfigError when it was sealed with another key, for another purpose, or was changed. */
  decrypt(sealed: string, purpose: string): string {
    const [version, keyId, body] = sealed.split('.')
    if (version !== 'v1' || keyId === undefined || body === undefined) throw broken(purpose)
    if (keyId !== this.keyId)
      throw new ConfigError(
        `The secret for ${purpose} was sealed with another key than the one here: put that key back (KEFU_SECRET_KEY, or secret.key in DATA_DIR).`,
      )
    const bytes = Buffer.from(body, 'base64url')
    if (bytes.length < NONCE_BYTES + TAG_BYTES) throw broken(purpose)
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(Buffer.from(purpose))
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
    try {
      const opened = [decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]
      return Buffer.concat(opened).toString('utf8')
    } catch {
      throw broken(purpose)
    }
  }
}

function broken(purpose: string): ConfigError {
  return new ConfigError(
    `The sealed secret for ${purpose} was changed or belongs elsewhere: enter that secret again, or restore the database.`,
  )
}
