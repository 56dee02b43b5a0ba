import { randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { isCommonPassword } from './common-password.js'
import { HttpError } from '../http/http-error.js'

/** OWASP's parameters for argon2id: 19 MiB, two passes, one lane; some 20 ms. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
export const PASSWORD_LEAST = 10
export const PASSWORD_MOST = 200
/** At once, so that signing in never takes all of the threads that files and names are looked up with. */
const AT_ONCE = 2
/** More are sent away. */
const WAITING = 100

/** Makes and compares password hashes, a few at a time. */
export class Passwords {
  #running = 0
  readonly #waiting: (() => void)[] = []
  /** A hash to compare passwords with for a name that nobody has. */
  #nobodys: Promise<string> | undefined

  async hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(password, cost))
  }

  /** Whether the password is the hash's; it takes as long when there is no such account, and is false. */
  async verify(known: string | undefined, password: string): Promise<boolean> {
    this.#nobodys ??= hash(randomBytes(24), cost)
    const compared = known === undefined || known === '' ? await this.#nobodys : known
    const same = await this.#inTurn(() => verify(compared, password))
    return same && compared === known
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting.length >= WAITING)
      throw new HttpError('unavailable', 'Too many people sign in at once. Try again in a moment.')
    if (this.#running >= AT_ONCE)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
      })
    else this.#running += 1
    try {
      return await work()
    } finally {
      // The place is handed over, or given up.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }
}

/** Returns the problem of a new password; undefined when it may be used. Length is what counts, not kinds of characters. */
export function passwordProblem(password: string, name: string): string | undefined {
  const length = Array.from(password).length
  if (length < PASSWORD_LEAST) return `A password has at least ${PASSWORD_LEAST} characters.`
  if (length > PASSWORD_MOST) return `A password has at most ${PASSWORD_MOST} characters.`
  const folded = password.normalize('NFKC').toLowerCase()
  if (folded.includes(name.normalize('NFKC').toLowerCase()) && Array.from(name).length >= 4)
    return 'A password must not contain the name.'
  if (isCommonPassword(folded)) return 'This password is one of those that are tried first. Choose another.'
  return undefined
}

/** A password for somebody to change later: 120 bits. */
export function makePassword(): string {
  return randomBytes(15).toString('base64url')
}
