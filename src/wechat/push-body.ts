import { DecodeError } from '../errors.js'
import { readEnvelope, type Envelope } from './envelope.js'
import { limits } from './limits.js'
import { readPlaintext, type Plaintext } from './plaintext.js'

/**
 * A push's body, which is looked at no more often than once, however many Mini Programs it may be of, and not before
 * somebody asks.
 */
export class PushBody {
  /** How often something was parsed: what a refusal may cost is told by this number. */
  parses = 0
  readonly #bytes: string | Uint8Array
  #text: string | undefined
  #envelope: Once<Envelope> | undefined
  #plaintext: Once<Plaintext> | undefined

  constructor(bytes: string | Uint8Array) {
    this.#bytes = bytes
  }

  get isTooLarge(): boolean {
    return Buffer.byteLength(this.#bytes) > limits.pushBytes
  }

  /** Why a body beyond what a push has is refused. */
  tooLarge(): DecodeError {
    return new DecodeError(
      'too_large',
      `The body is larger than ${limits.pushBytes} bytes, which no push is.`,
    )
  }

  /** Throws DecodeError (`too_large`) for a body that no push has. */
  get text(): string {
    if (this.#text !== undefined) return this.#text
    if (this.isTooLarge) throw this.tooLarge()
    this.#text = typeof this.#bytes === 'string' ? this.#bytes : textOf(this.#bytes)
    return this.#text
  }

  /** The envelope, by a scan. Throws as readEnvelope. */
  get envelope(): Envelope {
    this.#envelope ??= once(() => readEnvelope(this.text))
    return this.#envelope()
  }

  /** The content of a body in plain text. Throws as readPlaintext. */
  get plaintext(): Plaintext {
    this.#plaintext ??= once(() => this.read(this.text))
    return this.#plaintext()
  }

  /** Parses what was in the envelope, or the body itself, and counts it. Throws as readPlaintext. */
  read(text: string): Plaintext {
    this.parses++
    return readPlaintext(text)
  }
}

type Once<T> = () => T

/** Does a thing once: its result, or what it threw, is the same for everybody who asks. */
function once<T>(work: () => T): Once<T> {
  try {
    const value = work()
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}

/** UTF-8; a byte that is none costs a character, not the message. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
