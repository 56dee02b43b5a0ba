import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context } from 'koa'
import { addSetting, readSetting, type Store } from '../store/index.js'

const SETTING = 'known_browsers_key'
/** Seconds: as long as browsers keep a cookie. */
const KEPT_SECONDS = 400 * 24 * 3600
const SECURE_COOKIE = '__Host-kefu-known'
const LOOPBACK_COOKIE = 'kefu-known'

/**
 * Browsers in which somebody has signed in: a signed cookie says whose. It lets nobody in; it gives its owner tries
 * of their own while strangers try the name.
 */
export class KnownBrowsers {
  readonly #store: Store
  #key: Promise<Buffer> | undefined

  constructor({ store }: { store: Store }) {
    this.#store = store
  }

  /** The browser of a request, when the agent with this number has signed in there before. */
  async of(ctx: Context, agentId: number | undefined): Promise<string | undefined> {
    for (const name of [SECURE_COOKIE, LOOPBACK_COOKIE]) {
      const [, owner, browser, signature] =
        /^(\d{1,16})\.([\w-]{22})\.([\w-]{43})$/.exec(ctx.cookies.get(name) ?? '') ?? []
      if (owner === undefined || browser === undefined || signature === undefined) continue
      const signed = await this.#sign(`${owner}.${browser}`)
      if (timingSafeEqual(Buffer.from(signature), Buffer.from(signed)) && Number(owner) === agentId)
        return browser
    }
    return undefined
  }

  /** Has a browser remember that an agent signed in there; `secure` where it came by https. */
  async remember(ctx: Context, agentId: number, secure: boolean): Promise<void> {
    const value = `${agentId}.${randomBytes(16).toString('base64url')}`
    const name = secure ? SECURE_COOKIE : LOOPBACK_COOKIE
    ctx.append(
      'Set-Cookie',
      `${name}=${value}.${await this.#sign(value)}; Path=/; Max-Age=${KEPT_SECONDS}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`,
    )
  }

  async #sign(value: string): Promise<string> {
    this.#key ??= this.#readKey().catch((error: unknown) => {
      this.#key = undefined
      throw error
    })
    return createHmac('sha256', await this.#key)
      .update(value)
      .digest('base64url')
  }

  /** The key is the database's, so that all processes know each other's cookies. */
  async #readKey(): Promise<Buffer> {
    const { db } = this.#store
    await addSetting(db, SETTING, JSON.stringify(randomBytes(32).toString('base64url')))
    const value = await readSetting(db, SETTING)
    return Buffer.from(JSON.parse(value ?? '""') as string, 'base64url')
  }
}
