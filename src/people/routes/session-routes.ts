import type { Context } from 'koa'
import type { Store } from '../../store/index.js'
import type { Agents } from '../agents.js'
import type { Agent } from '../agent-rows.js'
import { writeAudit } from '../audit.js'
import type { DraftKeeping } from '../drafts-key.js'
import type { Presence } from '../presence.js'
import { notFound, HttpError, httpErrorFor } from '../../http/http-error.js'
import { route, type Route } from '../../http/route.js'
import {
  bySessionId,
  ownPasswordInput,
  ownSession,
  sessionView,
  setupInput,
  signInInput,
  statusInput,
} from '../schemas/agent-view.js'
import { listOf } from '../../http/schemas/list.js'
import type { SessionGuard } from '../session-guard.js'
import { sessionName, type Session, type Sessions } from '../sessions.js'
import type { SetupLink } from '../setup-link.js'
import type { SignIn } from '../sign-in.js'
import { z } from 'zod'

export interface SessionRoutesOptions {
  readonly store: Store
  readonly agents: Agents
  readonly guard: SessionGuard
  readonly sessions: Sessions
  readonly signIn: SignIn
  readonly setupLink: SetupLink
  readonly presence: Presence
  /** Returns the key with which a page keeps drafts. */
  readonly draftsOf: (agent: Agent) => Promise<DraftKeeping>
  readonly addressOf: (ctx: Context) => string
  readonly now: () => number
}

/** Signing in and out, the first admin, and what an agent changes about themselves. */
export function sessionRoutes(options: SessionRoutesOptions): Route[] {
  const { store, agents, guard, sessions, signIn, setupLink, presence, draftsOf, addressOf, now } = options
  const signedIn = async (agent: Agent, csrfToken: string) => ({
    agent: presence.view(agent),
    csrfToken,
    mustChangePassword: agent.passwordEndsAt !== null,
    ...(await draftsOf(agent)),
  })

  /** The session of a request; a program has none. */
  const ownSessionOf = (ctx: Context): Session => {
    const session = guard.sessionOf(ctx)
    if (!session) throw new HttpError('unauthorized', 'Only a signed-in agent has a session.')
    return session
  }
  const own = (ctx: Context): Agent => ownSessionOf(ctx).agent
  const end = async (ctx: Context, which: (name: string) => boolean): Promise<number> => {
    const agent = own(ctx)
    const ended = await sessions.endSome(agent.id, which)
    if (ended > 0)
      await writeAudit(store.db, now(), {
        actor: { kind: 'agent', ...agent },
        action: 'sessions_ended',
        target: `agent:${agent.id}`,
        address: addressOf(ctx),
        detail: { ended },
      })
    return ended
  }

  return [
    route({
      method: 'GET',
      path: '/session',
      summary: 'Who is signed in, and the token for what changes something.',
      access: 'agent',
      response: sessionView,
      handle: async ({ ctx }) => signedIn(own(ctx), guard.csrfTokenOf(ctx) ?? ''),
    }),
    route({
      method: 'POST',
      path: '/session',
      summary: 'Signs in.',
      access: 'public',
      body: signInInput,
      anyText: true,
      response: sessionView,
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
      response: null,
      async handle({ ctx }) {
        const agent = own(ctx)
        await guard.end(ctx)
        // Pictures of customers are not left to whoever uses this browser next.
        ctx.set('Clear-Site-Data', '"cache"')
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
      response: z.object({ needed: z.boolean() }),
      handle: async () => ({ needed: await setupLink.needed() }),
    }),
    route({
      method: 'POST',
      path: '/setup',
      summary: 'Makes the first admin by the link that kefu start prints, and signs them in.',
      access: 'public',
      body: setupInput,
      response: sessionView,
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
      response: null,
      async handle({ ctx, body }) {
        await agents.setStatus(own(ctx).id, body.status)
        await presence.notifyAgents()
      },
    }),
    route({
      method: 'POST',
      path: '/session/password',
      summary: 'Changes the own password; all other sessions of the agent end.',
      access: 'agent',
      body: ownPasswordInput,
      response: sessionView,
      async handle({ ctx, body }) {
        const agent = own(ctx)
        await signIn.confirm(ctx, agent, body.current)
        if (body.password === body.current)
          throw httpErrorFor(
            'password_same',
            'invalid',
            'The new password must be another than the current one.',
          )
        await agents.setPassword(agent.id, body.password, {
          actor: { kind: 'agent', ...agent },
          address: addressOf(ctx),
        })
        return signedIn({ ...agent, passwordEndsAt: null }, await guard.begin(ctx, agent.id))
      },
    }),
    route({
      method: 'GET',
      path: '/sessions',
      summary: 'Where the agent is signed in.',
      access: 'agent',
      response: listOf(ownSession),
      async handle({ ctx }) {
        const { idHash, agent } = ownSessionOf(ctx)
        const items = await sessions.listOf(agent.id)
        const current = sessionName(idHash)
        return { items: items.map((each) => ({ ...each, current: each.id === current })), next: null }
      },
    }),
    route({
      method: 'DELETE',
      path: '/sessions/:id',
      summary: 'Ends one of the agent’s own sessions.',
      access: 'agent',
      params: bySessionId,
      response: null,
      async handle({ ctx, params }) {
        if ((await end(ctx, (name) => name === params.id)) === 0) throw notFound()
      },
    }),
    route({
      method: 'DELETE',
      path: '/sessions',
      summary: 'Ends all of the agent’s own sessions but the one that asks.',
      access: 'agent',
      response: null,
      async handle({ ctx }) {
        const current = sessionName(ownSessionOf(ctx).idHash)
        await end(ctx, (name) => name !== current)
      },
    }),
  ]
}
