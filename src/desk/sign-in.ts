import type { Context } from 'koa'
import type { Logger } from '../log.js'
import type { Store } from '../store/index.js'
import { agentNameKey } from './agent-name.js'
import type { Agent, Agents } from './agents.js'
import { writeAudit } from './audit.js'
import type { Passwords } from './passwords.js'
import { Refusal } from './refusal.js'
import type { SessionGuard } from './session-guard.js'
import type { SignInLimit } from './sign-in-limit.js'

export interface SignInOptions {
  readonly store: Store
  readonly agents: Agents
  readonly passwords: Passwords
  readonly limit: SignInLimit
  readonly guard: SessionGuard
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

  /** Begins a session; gives who it is and their token. Throws Refusal. */
  async signIn(ctx: Context, name: string, password: string): Promise<{ agent: Agent; csrfToken: string }> {
    const { guard, agents, passwords } = this.#options
    const attempt = await this.#attempt(ctx, name)
    const known = await agents.byName(name)
    const right = await passwords.verify(known?.passwordHash, password)
    if (!known || !right || known.agent.disabled) {
      await this.#audit(ctx, 'sign_in_failed', known?.agent)
      throw new Refusal('unauthorized', 'The name or the password is wrong.')
    }
    await attempt.succeeded()
    const csrfToken = await guard.begin(ctx, known.agent.id)
    await this.#audit(ctx, 'sign_in', known.agent)
    return { agent: known.agent, csrfToken }
  }

  /** Whether the password is the agent's, for one who is signed in and asked again. Throws Refusal when not. */
  async confirm(ctx: Context, agent: Agent, password: string): Promise<void> {
    const attempt = await this.#attempt(ctx, agent.name)
    const known = await this.#options.agents.byName(agent.name)
    if (!(await this.#options.passwords.verify(known?.passwordHash, password))) {
      await this.#audit(ctx, 'sign_in_failed', agent)
      throw new Refusal('forbidden', 'The current password is wrong.')
    }
    await attempt.succeeded()
  }

  async #attempt(ctx: Context, name: string): Promise<{ succeeded(): Promise<void> }> {
    const { limit, addressOf, logger } = this.#options
    const attempt = await limit.attempt(agentNameKey(name), addressOf(ctx))
    if (attempt.allowed) return attempt
    if (attempt.first) {
      logger.warn({ address: addressOf(ctx) }, 'signing in was tried too often; it is refused for a while')
      await this.#audit(ctx, 'sign_in_limited', undefined)
    }
    throw new Refusal('too_many', 'Signing in was tried too often. Try again later.', {
      'Retry-After': String(attempt.retryAfter),
    })
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
