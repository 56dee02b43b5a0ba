import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context, Middleware } from 'koa'
import { ConfigError } from '../errors.js'
import { ControlError } from './control-http.js'

/** Paths that need no key: they tell nothing, or only who was told their name finds them. */
const open = [
  /^GET \/_emulator\/health$/,
  /^GET \/_emulator\/openapi\.json$/,
  /^GET \/_emulator\/media\/[\w-]{32,}$/,
  /^POST \/_emulator\/session$/,
]

const leastKey = 16

/** A key for whoever starts the emulator to hand on. */
export function makeKey(): string {
  return randomBytes(18).toString('base64url')
}

/** Throws ConfigError for a key that could be guessed or not be sent. */
export function checkKey(key: string): string {
  if (/^[\w.~+/=-]+$/.test(key) && key.length >= leastKey) return key
  throw new ConfigError(
    `The emulator’s key must have ${leastKey} characters or more, letters, digits and - _ . ~ + / = only: openssl rand -hex 16`,
  )
}

/** Who may use the control API: who shows the key, or the cookie that a page got for it. */
export class Door {
  readonly #key: string
  /** Not the key itself: it ends with the emulator, and opens nothing else. */
  readonly #cookie = randomBytes(24).toString('base64url')
  readonly #port: () => number

  constructor(key: string, port: () => number) {
    this.#key = key
    this.#port = port
  }

  /** Refuses, with 401, requests without it. */
  guard(): Middleware {
    return async (ctx, next) => {
      const needsNone = open.some((path) => path.test(`${ctx.method} ${ctx.path}`))
      if (!needsNone && !this.#isKnown(ctx))
        throw new ControlError(
          401,
          'key_needed',
          'The emulator asks for its key, which it printed when it started: Authorization: Bearer KEY, or open the link that it printed.',
        )
      await next()
    }
  }

  /** POST /_emulator/session: gives a page that shows the key a cookie, which scripts can't read, below its world's path. */
  begin(ctx: Context, key: string, prefix: string): void {
    if (!same(key, this.#key))
      throw new ControlError(
        401,
        'wrong_key',
        'This is not the key that the emulator printed when it started.',
      )
    // Cookies do not tell ports apart: below this path no other service of the machine gets it.
    ctx.set(
      'set-cookie',
      `${this.#cookieName}=${this.#cookie}; Path=${prefix}/_emulator; HttpOnly; SameSite=Strict`,
    )
  }

  #isKnown(ctx: Context): boolean {
    const [, given] = /^Bearer +(\S+)$/i.exec(ctx.get('authorization')) ?? []
    if (given !== undefined) return same(given, this.#key)
    const cookie = ctx.cookies.get(this.#cookieName)
    return cookie !== undefined && same(cookie, this.#cookie)
  }

  get #cookieName(): string {
    return `kefu_emulator_${this.#port()}`
  }
}

function same(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
