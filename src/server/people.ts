import type { Context } from 'koa'
import type { Commands, Shards } from '../conversation/index.js'
import {
  agentRoutes,
  Agents,
  auditRoutes,
  BusinessCards,
  businessRoutes,
  CannedReplies,
  cannedReplyRoutes,
  Caretaker,
  colleagues,
  MessageCounts,
  Passwords,
  Presence,
  presenceRoutes,
  reportRoutes,
  SessionGuard,
  sessionRoutes,
  Sessions,
  settingsRoutes,
  SetupLink,
  SignIn,
  SignInLimit,
  tagRoutes,
  writeAudit,
  type AgentDirectory,
  type Route,
  type TakeOver,
} from '../desk/index.js'
import type { Store } from '../store/index.js'
import { businessEndpoint } from './business-endpoint.js'
import { ClientAddress } from './client-address.js'
import type { Config } from './config.js'
import type { Surroundings } from './foundation.js'
import type { SecretBox } from './secret-box.js'

/** The people at the desk: who they are, who is signed in, who is there, what is kept for them. */
export interface People {
  readonly agents: Agents
  readonly guard: SessionGuard
  readonly presence: Presence
  readonly setupLink: SetupLink
  readonly directory: AgentDirectory
  readonly routes: readonly Route[]
  readonly onTakenOver: (takeover: TakeOver) => Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

export interface PeopleOptions extends Surroundings {
  readonly store: Store
  readonly box: SecretBox
  readonly commands: Commands
  readonly shards: Pick<Shards, 'owned'>
}

/** The agents of a database, and their sessions: all that a command needs. */
export function openAgents(parts: Pick<PeopleOptions, 'store' | 'now'>): {
  agents: Agents
  sessions: Sessions
  passwords: Passwords
} {
  const sessions = new Sessions(parts)
  const passwords = new Passwords()
  return {
    sessions,
    passwords,
    agents: new Agents({ ...parts, passwords, onWeakened: (id) => sessions.endAllOf(id) }),
  }
}

/** Puts the people's parts together. */
export function createPeople(config: Config, options: PeopleOptions): People {
  const { store, box, now } = options
  const client = new ClientAddress(config.trustedProxies)
  const parts = { ...options, ...openAgents(options), addressOf: (ctx: Context) => client.of(ctx.req) }

  // Who they are.
  const guard = new SessionGuard({ ...parts, publicUrl: config.publicUrl })
  const signIn = new SignIn({ ...parts, guard, limit: new SignInLimit(parts) })
  const setupLink = new SetupLink(parts)
  const presence = new Presence(parts)

  // What is done for them.
  const caretaker = new Caretaker(parts)
  const counts = new MessageCounts(parts)
  const cannedReplies = new CannedReplies(parts)
  const endpoint = businessEndpoint(config)
  const businessCards = new BusinessCards({ ...parts, seal: box, endpoint })

  const all = { ...parts, guard, signIn, setupLink, presence, cannedReplies, businessCards, counts }
  return {
    agents: parts.agents,
    guard,
    presence,
    setupLink,
    directory: colleagues(store),
    routes: [
      ...sessionRoutes(all),
      ...agentRoutes(all),
      ...presenceRoutes(all),
      ...cannedReplyRoutes(all),
      ...tagRoutes(all),
      ...businessRoutes(all),
      ...settingsRoutes(all),
      ...reportRoutes(all),
      ...auditRoutes(all),
    ],
    onTakenOver: ({ conversationId, appId, from, to, principal, ctx }) =>
      writeAudit(store.db, now(), {
        actor: principal,
        action: 'take_over',
        target: `conversation:${conversationId}`,
        appId,
        address: parts.addressOf(ctx),
        detail: { from, to },
      }),
    async start() {
      caretaker.start()
      counts.start()
      await presence.start()
    },
    async stop() {
      presence.stop()
      await Promise.all([caretaker.stop(), counts.stop(), endpoint.close()])
    },
  }
}
