import type { Context } from 'koa'
import type { Logger } from '../log.js'
import type { Store } from '../store/index.js'
import { agentNameKey } from './agent-name.js'
import type { Agents } from './agents.js'
import type { Agent } from './agent-rows.js'
import { writeAudit } from './audit.js'
import type { KnownBrowsers } from './known-browser.js'
import type { Passwords } from './passwords.js'
import { HttpError, httpErrorFor } from '../http/http-error.js'
import { refusal } from '../protocol/refusals.js'
import type { SessionGuard } from './session-guard.js'
import type { SignInLimit } from './sign-in-limit.js'

export interface SignInOptions {
  readonly store: Store
  readonly agents: Agents
  readonly passwords: Passwords
  readonly limit: SignInLimit
  readonly guard: SessionGuard
  readonly browsers: KnownBrowsers
  /** Whom a request is from. */
  readonly addressOf: (ctx: Context) => string
  readonly logger: Logger
  readonly now: () => number
}

/** Signing in by name and password. Every failure looks and lasts the same, whatever was wrong. */
export class SignIn {
  readonly #options: SignInOptions

  constructor(options: SignInOptions) {
    this.#options = options
  }

  /** Begins a session; gives who it is and their token. Throws HttpError. */
  async signIn(ctx: Context, name: string, password: string): Promise<{ agent: Agent; csrfToken: string }> {
    const { guard, agents, passwords, browsers } = this.#options
    const known = await agents.byName(name)
    const browser = await this.#options.browsers.of(ctx, known?.agent.id)
    const attempt = await this.#attempt(ctx, name, browser)
    const right = await passwords.verify(known?.passwordHash, password)
    if (!known || !right || known.agent.disabled) {
      await this.#audit(ctx, 'sign_in_failed', known?.agent)
      throw httpErrorFor('sign_in_wrong', 'unauthorized', 'The name or the password is wrong.')
    }
    await attempt.succeeded()
    this.#mustNotHaveEnded(known.agent)
    const csrfToken = await guard.begin(ctx, known.agent.id)
    await browsers.remember(ctx, known.agent.id, guard.isSecure(ctx))
    await this.#audit(ctx, 'sign_in', known.agent)
    return { agent: known.agent, csrfToken }
  }

  /** Whether the password is the agent's, for one who is signed in and asked again. Throws HttpError when not. */
  async confirm(ctx: Context, agent: Agent, password: string): Promise<void> {
    const session = this.#options.guard.sessionOf(ctx)
    const attempt = await this.#attempt(ctx, agent.name, session && `session:${session.idHash}`)
    const known = await this.#options.agents.byName(agent.name)
    if (!(await this.#options.passwords.verify(known?.passwordHash, password))) {
      await this.#audit(ctx, 'sign_in_failed', agent)
      throw httpErrorFor('password_wrong', 'forbidden', 'The current password is wrong.')
    }
    await attempt.succeeded()
    this.#mustNotHaveEnded(agent)
  }

  /** Only whoever knows the password hears of it. */
  #mustNotHaveEnded({ passwordEndsAt }: Agent): void {
    if (passwordEndsAt !== null && passwordEndsAt <= this.#options.now())
      throw httpErrorFor(
        'password_ended',
        'unauthorized',
        'This first password was not changed within 7 days and has ended. Ask an admin for a new one, or use kefu agent reset-password.',
      )
  }

  async #attempt(
    ctx: Context,
    name: string,
    browser: string | undefined,
  ): Promise<{ succeeded(): Promise<void> }> {
    const { limit, addressOf, logger } = this.#options
    const attempt = await limit.attempt(agentNameKey(name), addressOf(ctx), browser)
    if (attempt.allowed) return attempt
    if (attempt.first) {
      logger.warn({ address: addressOf(ctx) }, 'signing in was tried too often; it is refused for a while')
      await this.#audit(ctx, 'sign_in_limited', undefined)
    }
    throw new HttpError(
      'too_many',
      'Signing in was tried too often. Try again later.',
      { 'Retry-After': String(attempt.retryAfter) },
      refusal('sign_in_often', { seconds: attempt.retryAfter }),
    )
  }

  async #audit(
    ctx: Context,
    action: 'sign_in' | 'sign_in_failed' | 'sign_in_limited',
    agent: Agent | undefined,
  ): Promise<void> {
    const { store, now, addressOf } = this.#options
    await writeAudit(store.db, now(), {
      // Whoever fails is not shown to be who they say; and what is no name here may have been a password.
      actor: action === 'sign_in' && agent ? { kind: 'agent', ...agent } : { kind: 'nobody' },
      action,
      target: agent && `agent:${agent.id}`,
      address: addressOf(ctx),
    })
  }
}
