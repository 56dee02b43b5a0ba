import type { Context } from 'koa'
import {
  agentRoutes,
  Agents,
  auditRoutes,
  CannedReplies,
  cannedReplyRoutes,
  colleagues,
  Passwords,
  Presence,
  presenceRoutes,
  SessionGuard,
  sessionRoutes,
  Sessions,
  SetupLink,
  SignIn,
  SignInLimit,
  type AgentDirectory,
  type Route,
} from '../desk/index.js'
import type { Store } from '../store/index.js'
import { ClientAddress } from './client-address.js'
import type { Config } from './config.js'
import type { Surroundings } from './foundation.js'

/** The people at the desk: who they are, who is signed in, who is there. */
export interface People {
  readonly agents: Agents
  readonly guard: SessionGuard
  readonly sessions: Sessions
  readonly presence: Presence
  readonly setupLink: SetupLink
  readonly directory: AgentDirectory
  readonly routes: readonly Route[]
  start(): Promise<void>
  stop(): void
}

/** Puts the people's parts together. */
export function createPeople(
  store: Store,
  config: Pick<Config, 'publicUrl' | 'trustedProxies'>,
  { logger, now }: Pick<Surroundings, 'logger' | 'now'>,
): People {
  const client = new ClientAddress(config.trustedProxies)
  const parts = { store, logger, now, addressOf: (ctx: Context) => client.of(ctx.req) }
  const sessions = new Sessions(parts)
  const passwords = new Passwords()
  const agents = new Agents({ ...parts, passwords, onWeakened: (id) => sessions.endAllOf(id) })
  const guard = new SessionGuard({ sessions, publicUrl: config.publicUrl })
  const signIn = new SignIn({ ...parts, agents, passwords, guard, limit: new SignInLimit(parts) })
  const setupLink = new SetupLink({ ...parts, agents })
  const presence = new Presence(parts)
  const cannedReplies = new CannedReplies(parts)
  const all = { ...parts, agents, guard, signIn, setupLink, presence, cannedReplies }
  return {
    agents,
    guard,
    sessions,
    presence,
    setupLink,
    directory: colleagues(store),
    routes: [
      ...sessionRoutes(all),
      ...agentRoutes(all),
      ...presenceRoutes(all),
      ...cannedReplyRoutes(all),
      ...auditRoutes(all),
    ],
    async start() {
      sessions.start()
      await presence.start()
    },
    stop() {
      sessions.stop()
      presence.stop()
    },
  }
}
