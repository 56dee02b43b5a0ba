import type { Context } from 'koa'
import type { Store } from '../../store/index.js'
import type { Agent, Agents } from '../agents.js'
import { writeAudit } from '../audit.js'
import type { Presence } from '../presence.js'
import { Refusal } from '../refusal.js'
import { route, type Route } from '../route.js'
import { ownPasswordInput, sessionView, setupInput, signInInput, statusInput } from '../schemas/agent-view.js'
import type { SessionGuard } from '../session-guard.js'
import type { SetupLink } from '../setup-link.js'
import type { SignIn } from '../sign-in.js'
import { z } from 'zod'

export interface SessionRoutesOptions {
  readonly store: Store
  readonly agents: Agents
  readonly guard: SessionGuard
  readonly signIn: SignIn
  readonly setupLink: SetupLink
  readonly presence: Presence
  readonly addressOf: (ctx: Context) => string
  readonly now: () => number
}

/** Signing in and out, the first admin, and what an agent changes about themselves. */
export function sessionRoutes(options: SessionRoutesOptions): Route[] {
  const { store, agents, guard, signIn, setupLink, presence, addressOf, now } = options
  const signedIn = (agent: Agent, csrfToken: string) => ({ agent: presence.view(agent), csrfToken })

  /** The agent of a request; a program has no session. */
  const own = (ctx: Context): Agent => {
    const session = guard.sessionOf(ctx)
    if (!session) throw new Refusal('unauthorized', 'Only a signed-in agent has a session.')
    return session.agent
  }

  return [
    route({
      method: 'GET',
      path: '/session',
      summary: 'Who is signed in, and the token for what changes something.',
      access: 'agent',
      answer: sessionView,
      handle: async ({ ctx }) => signedIn(own(ctx), guard.csrfTokenOf(ctx) ?? ''),
    }),
    route({
      method: 'POST',
      path: '/session',
      summary: 'Signs in.',
      access: 'public',
      body: signInInput,
      answer: sessionView,
      async handle({ ctx, body }) {
        guard.mustBeOurs(ctx)
        const { agent, csrfToken } = await signIn.signIn(ctx, body.name, body.password)
        return signedIn(agent, csrfToken)
      },
    }),
    route({
      method: 'DELETE',
      path: '/session',
      summary: 'Signs out.',
      access: 'agent',
      answer: null,
      async handle({ ctx }) {
        const agent = own(ctx)
        await guard.end(ctx)
        await writeAudit(store.db, now(), {
          actor: { kind: 'agent', ...agent },
          action: 'sign_out',
          address: addressOf(ctx),
        })
      },
    }),
    route({
      method: 'GET',
      path: '/setup',
      summary: 'Whether the first admin is still to be made.',
      access: 'public',
      answer: z.object({ needed: z.boolean() }),
      handle: async () => ({ needed: await setupLink.needed() }),
    }),
    route({
      method: 'POST',
      path: '/setup',
      summary: 'Makes the first admin by the link that kefu start prints, and signs them in.',
      access: 'public',
      body: setupInput,
      answer: sessionView,
      async handle({ ctx, body }) {
        guard.mustBeOurs(ctx)
        guard.mustBeKept(ctx)
        const agent = await setupLink.use(body.token, body.name, body.password, addressOf(ctx))
        return signedIn(agent, await guard.begin(ctx, agent.id))
      },
    }),
    route({
      method: 'PUT',
      path: '/session/status',
      summary: 'Says whether the agent is there for customers.',
      access: 'agent',
      body: statusInput,
      answer: null,
      async handle({ ctx, body }) {
        await agents.setStatus(own(ctx).id, body.status)
        await presence.tellAgents()
      },
    }),
    route({
      method: 'POST',
      path: '/session/password',
      summary: 'Changes the own password; all other sessions of the agent end.',
      access: 'agent',
      body: ownPasswordInput,
      answer: sessionView,
      async handle({ ctx, body }) {
        const agent = own(ctx)
        await signIn.confirm(ctx, agent, body.current)
        await agents.setPassword(agent.id, body.password, {
          actor: { kind: 'agent', ...agent },
          address: addressOf(ctx),
        })
        return signedIn(agent, await guard.begin(ctx, agent.id))
      },
    }),
  ]
}
