import type { Context } from 'koa'
import type { Agent, Agents, By } from '../agents.js'
import { makePassword } from '../passwords.js'
import type { Presence } from '../presence.js'
import { isAdmin, type Principal, type Scope } from '../principal.js'
import { Refusal } from '../refusal.js'
import { route, type Route } from '../route.js'
import {
  agentChangeInput,
  agentView,
  newAgentInput,
  newAgentView,
  passwordInput,
} from '../schemas/agent-view.js'
import { byId, listOf } from '../schemas/list.js'
import { z } from 'zod'

export interface AgentRoutesOptions {
  readonly agents: Agents
  readonly presence: Presence
  readonly addressOf: (ctx: Context) => string
}

/** The people who answer. */
export function agentRoutes({ agents, presence, addressOf }: AgentRoutesOptions): Route[] {
  const by = (ctx: Context, actor: Principal): By => ({ actor, address: addressOf(ctx) })
  return [
    route({
      method: 'GET',
      path: '/agents',
      summary: 'Those who answer; for an agent, the colleagues of their Mini Programs.',
      access: 'agent',
      answer: listOf(agentView),
      async handle({ principal }) {
        const all = await agents.list()
        const shown = isAdmin(principal) ? all : all.flatMap((agent) => seenBy(principal, agent))
        return { items: shown.map((agent) => presence.view(agent)), next: null }
      },
    }),
    route({
      method: 'POST',
      path: '/agents',
      summary: 'Adds an agent; without a password one is made and answered once.',
      access: 'admin',
      body: newAgentInput,
      answer: newAgentView,
      status: 201,
      async handle({ body, principal, ctx }) {
        const password = body.password ?? makePassword()
        const agent = await agents.add({ ...body, password }, by(ctx, principal))
        await presence.tellAgents()
        return { agent: presence.view(agent), password: body.password === undefined ? password : null }
      },
    }),
    route({
      method: 'PATCH',
      path: '/agents/:id',
      summary: 'Changes an agent. Who is disabled, or may see other things than before, is signed out.',
      access: 'admin',
      params: byId,
      body: agentChangeInput,
      answer: agentView,
      async handle({ params, body, principal, ctx }) {
        const agent = await agents.change(params.id, body, by(ctx, principal))
        await presence.tellAgents()
        return presence.view(agent)
      },
    }),
    route({
      method: 'DELETE',
      path: '/agents/:id',
      summary: 'Removes an agent; what they wrote keeps their name, and what they had waits for another.',
      access: 'admin',
      params: byId,
      answer: null,
      async handle({ params, principal, ctx }) {
        if (principal.kind === 'agent' && principal.id === params.id)
          throw new Refusal('conflict', 'You can’t remove yourself: another admin can.')
        await agents.remove(params.id, by(ctx, principal))
        await presence.tellAgents()
      },
    }),
    route({
      method: 'POST',
      path: '/agents/:id/password',
      summary:
        'Gives an agent another password, made and answered once when none is given; their sessions end.',
      access: 'admin',
      params: byId,
      body: passwordInput,
      answer: z.object({ password: z.string().nullable() }),
      async handle({ params, body, principal, ctx }) {
        const password = body.password ?? makePassword()
        await agents.setPassword(params.id, password, by(ctx, principal))
        return { password: body.password === undefined ? password : null }
      },
    }),
  ]
}

/** A colleague as somebody may see them: as far as both may see the same Mini Programs. */
function seenBy({ apps }: Principal, agent: Agent): Agent[] {
  if (agent.disabled) return []
  const common = intersection(apps, agent.apps)
  return common !== 'all' && common.length === 0 ? [] : [{ ...agent, apps: common }]
}

function intersection(one: Scope, other: Scope): Scope {
  if (one === 'all') return other
  return other === 'all' ? one : one.filter((appId) => other.includes(appId))
}
