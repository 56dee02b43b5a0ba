import type { Context } from 'koa'
import type { Principal } from './principal.js'
import { Refusal } from './refusal.js'
import { isLoopbackName, mustBeSameOrigin, mustShowToken } from './same-origin.js'
import { csrfTokenOf, SESSION_LONGEST_MS, type Session, type Sessions } from './sessions.js'

/** The prefix holds browsers to Secure, this host alone, and the path /. */
const SECURE_COOKIE = '__Host-kefu'
/** For http on this machine, where no browser keeps a Secure cookie under that prefix. */
const LOOPBACK_COOKIE = 'kefu'

export interface SessionGuardOptions {
  readonly sessions: Sessions
  /** KEFU_PUBLIC_URL. */
  readonly publicUrl: string | undefined
}

/** Sessions over HTTP: the cookie, and what a request must show besides. */
export class SessionGuard {
  readonly #sessions: Sessions
  readonly #publicUrl: string | undefined
  /** Whose a request is, for those who need the session itself. */
  readonly #found = new WeakMap<Context, Session>()

  constructor({ sessions, publicUrl }: SessionGuardOptions) {
    this.#sessions = sessions
    this.#publicUrl = publicUrl
  }

  /** Finds the agent of a request's cookie. Throws Refusal when another site's page may have sent it. */
  readonly principalOf = async (ctx: Context): Promise<Principal | undefined> => {
    const cookie = cookieOf(ctx)
    const session = cookie === undefined ? undefined : await this.#sessions.find(cookie)
    if (cookie === undefined || !session) return undefined
    this.mustBeOurs(ctx)
    mustShowToken(ctx, csrfTokenOf(cookie))
    this.#found.set(ctx, session)
    const { id, name, role, apps } = session.agent
    return { kind: 'agent', id, name, role, apps }
  }

  /** Refuses what another site's page sent. */
  mustBeOurs(ctx: Context): void {
    mustBeSameOrigin(ctx, this.#publicUrl)
  }

  /** Refuses a request over a connection that no session could be kept on. */
  mustBeKept(ctx: Context): void {
    cookieNameFor(ctx, this.#publicUrl)
  }

  /** The session of a request that principalOf let in; undefined for a program's. */
  sessionOf(ctx: Context): Session | undefined {
    return this.#found.get(ctx)
  }

  /** What the page of a request must send back in X-CSRF-Token. */
  csrfTokenOf(ctx: Context): string | undefined {
    const cookie = cookieOf(ctx)
    return cookie === undefined ? undefined : csrfTokenOf(cookie)
  }

  /** Begins a session in the place of any that the request has; gives its token. Throws Refusal where it could be overheard. */
  async begin(ctx: Context, agentId: number): Promise<string> {
    const name = cookieNameFor(ctx, this.#publicUrl)
    const before = cookieOf(ctx)
    if (before !== undefined) await this.#sessions.end(before)
    const cookie = await this.#sessions.begin(agentId)
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
  throw new Refusal(
    'forbidden',
    `Over http a password can be overheard, so nobody signs in here. Open ${publicUrl?.startsWith('https:') ? publicUrl : 'the https address: put a proxy with a certificate in front, and set KEFU_PUBLIC_URL'}.`,
  )
}

function setCookie(ctx: Context, name: string, value: string, maxAge: number): void {
  const secure = name === SECURE_COOKIE ? '; Secure' : ''
  ctx.append('Set-Cookie', `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`)
}
