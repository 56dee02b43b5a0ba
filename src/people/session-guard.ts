import type { Context } from 'koa'
import type { Principal } from '../http/principal.js'
import { deviceName } from './device-name.js'
import { httpErrorFor } from '../http/http-error.js'
import { isLoopbackName, mustBeSameOrigin, mustShowToken } from '../http/same-origin.js'
import { csrfTokenOf, SESSION_LONGEST_MS, type Session, type Sessions } from './sessions.js'

/** The prefix holds browsers to Secure, this host alone, and the path /. */
const SECURE_COOKIE = '__Host-kefu'
/** For http on this machine, where no browser keeps a Secure cookie under that prefix. */
const LOOPBACK_COOKIE = 'kefu'

/** The `databaseId` of the session in which a page learnt the numbers that it speaks of. */
const DATABASE_HEADER = 'x-kefu-database'

export interface SessionGuardOptions {
  readonly sessions: Sessions
  /** KEFU_PUBLIC_URL. */
  readonly publicUrl: string | undefined
  /** Whom a request is from. */
  readonly addressOf?: (ctx: Context) => string
  /** Which database this is; a page says for which one its request was meant. */
  readonly databaseId: () => Promise<string>
}

/** Paths for somebody whose password is another's: see who they are, change it, leave. */
const BEFORE_CHANGE = /^\/api\/v1\/session(?:\/password)?\/?$/i

/** Sessions over HTTP: the cookie, and what a request must show besides. */
export class SessionGuard {
  readonly #sessions: Sessions
  readonly #publicUrl: string | undefined
  readonly #addressOf: ((ctx: Context) => string) | undefined
  readonly #databaseId: () => Promise<string>
  /** Whose a request is, for those who need the session itself. */
  readonly #found = new WeakMap<Context, Session>()

  constructor({ sessions, publicUrl, addressOf, databaseId }: SessionGuardOptions) {
    this.#sessions = sessions
    this.#publicUrl = publicUrl
    this.#addressOf = addressOf
    this.#databaseId = databaseId
  }

  /** Finds the agent of a request's cookie. Throws HttpError when another site's page may have sent it. */
  readonly principalOf = async (ctx: Context): Promise<Principal | undefined> => {
    const cookie = cookieOf(ctx)
    const session = cookie === undefined ? undefined : await this.#sessions.find(cookie)
    if (cookie === undefined || !session) return undefined
    this.mustBeOurs(ctx)
    mustShowToken(ctx, csrfTokenOf(cookie))
    await this.#mustBeMeantForUs(ctx)
    this.#found.set(ctx, session)
    if (session.agent.passwordEndsAt !== null && !BEFORE_CHANGE.test(ctx.path))
      throw httpErrorFor(
        'password_due',
        'forbidden',
        'Your password was made by somebody else. Change it first: POST /session/password.',
      )
    const { id, name, role, apps } = session.agent
    return { kind: 'agent', id, name, role, apps }
  }

  /** Refuses what a page meant for the database before a restore: its numbers are other people's now. */
  async #mustBeMeantForUs(ctx: Context): Promise<void> {
    const meant = ctx.get(DATABASE_HEADER)
    if (meant === '' || meant === (await this.#databaseId())) return
    throw httpErrorFor(
      'other_database',
      'conflict',
      'The service has been set back to a backup since this page was opened. Nothing was done: look again, and repeat it.',
    )
  }

  /** Refuses what another site's page sent. */
  mustBeOurs(ctx: Context): void {
    mustBeSameOrigin(ctx, this.#publicUrl)
  }

  /** Refuses a request over a connection that no session could be kept on. */
  mustBeKept(ctx: Context): void {
    cookieNameFor(ctx, this.#publicUrl)
  }

  /** Whether what this request's browser keeps is for https alone. */
  isSecure(ctx: Context): boolean {
    return cookieNameFor(ctx, this.#publicUrl) === SECURE_COOKIE
  }

  /** The session of a request that principalOf let in; undefined for a program's. */
  sessionOf(ctx: Context): Session | undefined {
    return this.#found.get(ctx)
  }

  /** Returns the token that the page of a request must send back in X-CSRF-Token. */
  csrfTokenOf(ctx: Context): string | undefined {
    const cookie = cookieOf(ctx)
    return cookie === undefined ? undefined : csrfTokenOf(cookie)
  }

  /** Begins a session in the place of any that the request has; gives its token. Throws HttpError where it could be overheard. */
  async begin(ctx: Context, agentId: number): Promise<string> {
    const name = cookieNameFor(ctx, this.#publicUrl)
    const before = cookieOf(ctx)
    if (before !== undefined) await this.#sessions.end(before)
    const cookie = await this.#sessions.begin(agentId, {
      device: deviceName(ctx.get('user-agent')),
      address: this.#addressOf?.(ctx),
    })
    setCookie(ctx, name, cookie, Math.floor(SESSION_LONGEST_MS / 1000))
    return csrfTokenOf(cookie)
  }

  /** Ends the request's session. */
  async end(ctx: Context): Promise<void> {
    const cookie = cookieOf(ctx)
    if (cookie !== undefined) await this.#sessions.end(cookie)
    const name = cookieNameOf(ctx)
    if (name !== undefined) setCookie(ctx, name, '', 0)
  }
}

function cookieNameOf(ctx: Context): string | undefined {
  const names = isLoopbackName(ctx.get('host')) ? [SECURE_COOKIE, LOOPBACK_COOKIE] : [SECURE_COOKIE]
  return names.find((name) => ctx.cookies.get(name) !== undefined)
}

function cookieOf(ctx: Context): string | undefined {
  const name = cookieNameOf(ctx)
  const value = name === undefined ? undefined : ctx.cookies.get(name)
  return value === undefined || value === '' ? undefined : value
}

/** Which cookie a page can keep: browsers say by Origin whether they came by https, whatever proxies stand between. */
function cookieNameFor(ctx: Context, publicUrl: string | undefined): string {
  const origin = ctx.get('origin')
  const http = origin === '' ? isLoopbackName(ctx.get('host')) : origin.startsWith('http:')
  if (!http) return SECURE_COOKIE
  const host = origin === '' ? ctx.get('host') : new URL(origin).host
  if (isLoopbackName(host)) return LOOPBACK_COOKIE
  throw httpErrorFor(
    'https_only',
    'forbidden',
    `Over http a password can be overheard, so nobody signs in here. Open ${publicUrl?.startsWith('https:') ? publicUrl : 'the https address: put a proxy with a certificate in front, and set KEFU_PUBLIC_URL'}.`,
  )
}

function setCookie(ctx: Context, name: string, value: string, maxAge: number): void {
  const secure = name === SECURE_COOKIE ? '; Secure' : ''
  ctx.append('Set-Cookie', `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`)
}
