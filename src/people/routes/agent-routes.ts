import type { Context } from 'koa'
import type { Agents, By } from '../agents.js'
import type { Agent } from '../agent-rows.js'
import { makePassword } from '../passwords.js'
import type { Presence } from '../presence.js'
import { isAdmin, type Principal, type Scope } from '../../http/principal.js'
import { httpErrorFor } from '../../http/http-error.js'
import { route, type Route } from '../../http/route.js'
import {
  agentChangeInput,
  agentView,
  newAgentInput,
  newAgentView,
  passwordInput,
} from '../schemas/agent-view.js'
import { byId, listOf } from '../../http/schemas/list.js'
import type { Submits } from '../submits.js'
import { z } from 'zod'

export interface AgentRoutesOptions {
  readonly agents: Agents
  readonly presence: Presence
  readonly submits: Submits
  readonly addressOf: (ctx: Context) => string
}

/** The people who answer. */
export function agentRoutes({ agents, presence, submits, addressOf }: AgentRoutesOptions): Route[] {
  const by = (ctx: Context, actor: Principal): By => ({ actor, address: addressOf(ctx) })
  return [
    route({
      method: 'GET',
      path: '/agents',
      summary: 'Those who answer; for an agent, the colleagues of their Mini Programs.',
      access: 'agent',
      response: listOf(agentView),
      async handle({ principal }) {
        const all = await agents.list()
        const shown = isAdmin(principal) ? all : all.flatMap((agent) => seenBy(principal, agent))
        return { items: shown.map((agent) => presence.view(agent)), next: null }
      },
    }),
    route({
      method: 'POST',
      path: '/agents',
      summary:
        'Adds an agent; without a password one is made and answered once. One that was made here, or given at the desk, must be changed at the first sign-in and ends after 7 days.',
      access: 'admin',
      body: newAgentInput,
      response: newAgentView,
      status: 201,
      async handle({ body, principal, ctx }) {
        const { clientId, ...input } = body
        const submit = { principal, what: 'agents', clientId, input }
        const made = await submits.once<{ agent: Agent; password: string | null }>(submit, async (keep) => {
          const password = input.password ?? makePassword()
          const shown = input.password === undefined ? password : null
          const isFirst = isOthers(principal, input.password)
          const agent = await agents.add(
            { ...input, password, isFirst },
            by(ctx, principal),
            undefined,
            (tx, added) => keep(tx, { agent: added, password: shown }),
          )
          await presence.notifyAgents()
          return { agent, password: shown }
        })
        return { agent: presence.view(made.agent), password: made.password }
      },
    }),
    route({
      method: 'PATCH',
      path: '/agents/:id',
      summary: 'Changes an agent. Who is disabled, or may see other things than before, is signed out.',
      access: 'admin',
      params: byId,
      body: agentChangeInput,
      response: agentView,
      async handle({ params, body, principal, ctx }) {
        const agent = await agents.change(params.id, body, by(ctx, principal))
        await presence.notifyAgents()
        return presence.view(agent)
      },
    }),
    route({
      method: 'DELETE',
      path: '/agents/:id',
      summary: 'Removes an agent; what they wrote keeps their name, and what they had waits for another.',
      access: 'admin',
      params: byId,
      response: null,
      async handle({ params, principal, ctx }) {
        if (principal.kind === 'agent' && principal.id === params.id)
          throw httpErrorFor('agent_self', 'conflict', 'You can’t remove yourself: another admin can.')
        await agents.remove(params.id, by(ctx, principal))
        await presence.notifyAgents()
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
      response: z.object({ password: z.string().nullable() }),
      async handle({ params, body, principal, ctx }) {
        const { clientId, ...input } = body
        const submit = { principal, what: `agents/${params.id}/password`, clientId, input }
        return submits.once(submit, async (keep) => {
          const password = input.password ?? makePassword()
          const shown = { password: input.password === undefined ? password : null }
          const isOwn =
            principal.kind === 'agent' && principal.id === params.id && input.password !== undefined
          const isFirst = !isOwn && isOthers(principal, input.password)
          await agents.setPassword(params.id, password, by(ctx, principal), {
            isFirst,
            made: (tx) => keep(tx, shown),
          })
          return shown
        })
      },
    }),
  ]
}

/** Whether a password is known to somebody else than whom it is for: kefu made it, or a person at the desk did. */
function isOthers(principal: Principal, given: string | undefined): boolean {
  return given === undefined || principal.kind === 'agent'
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
