import type { Context } from 'koa'
import type { Commands, Shards } from '../conversation/index.js'
import { agentRoutes } from '../people/routes/agent-routes.js'
import { Agents } from '../people/agents.js'
import { auditRoutes } from '../people/routes/audit-routes.js'
import { BusinessCards } from '../desk/business-cards.js'
import { businessRoutes } from '../desk/routes/business-routes.js'
import { CannedReplies } from '../desk/canned-replies.js'
import { cannedReplyRoutes } from '../desk/routes/canned-reply-routes.js'
import { IdleSweeper } from '../desk/idle-sweeper.js'
import { colleagues } from '../desk/colleagues.js'
import { draftKeeping } from '../people/drafts-key.js'
import { KnownBrowsers } from '../people/known-browser.js'
import { MessageCounts } from '../desk/message-counts.js'
import { Passwords } from '../people/passwords.js'
import { Presence } from '../people/presence.js'
import { presenceRoutes } from '../desk/routes/presence-routes.js'
import { reportRoutes } from '../desk/routes/report-routes.js'
import { SessionGuard } from '../people/session-guard.js'
import { sessionRoutes } from '../people/routes/session-routes.js'
import { Sessions } from '../people/sessions.js'
import { settingsRoutes } from '../people/routes/settings-routes.js'
import { SetupLink } from '../people/setup-link.js'
import { SignIn } from '../people/sign-in.js'
import { SignInLimit } from '../people/sign-in-limit.js'
import { tagRoutes } from '../desk/routes/tag-routes.js'
import { writeAudit } from '../people/audit.js'
import type { AgentDirectory } from '../desk/agent-directory.js'
import type { Route } from '../http/route.js'
import type { Submits } from '../people/submits.js'
import type { TakeOver } from '../desk/routes/conversation-routes.js'
import type { HeavyReads } from '../http/heavy-reads.js'
import type { Store } from '../store/index.js'
import { businessEndpoint } from '../desk/business-endpoint.js'
import type { Config } from '../config/config.js'
import type { DatabaseIdentity } from './database-identity.js'
import type { Runtime } from './core.js'
import type { SecretBox } from '../apps/secret-box.js'

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

export interface PeopleOptions extends Runtime {
  readonly store: Store
  readonly secretBox: SecretBox
  readonly identity: Pick<DatabaseIdentity, 'id'>
  readonly commands: Commands
  readonly submits: Submits
  readonly reads: HeavyReads
  readonly shards: Pick<Shards, 'owned'>
  /** Whom a request is from. */
  readonly addressOf: (ctx: Context) => string
}

/** The agents of a database, and their sessions: all that a command needs. */
export function openAgents({ store, now }: Pick<PeopleOptions, 'store' | 'now'>): {
  agents: Agents
  sessions: Sessions
  passwords: Passwords
} {
  const sessions = new Sessions({ store, now })
  const passwords = new Passwords()
  return {
    sessions,
    passwords,
    agents: new Agents({ store, now, passwords, onWeakened: (id) => sessions.endAllOf(id) }),
  }
}

/** Puts the people's parts together. */
export function createPeople(config: Config, options: PeopleOptions): People {
  const { store, secretBox, identity, commands, submits, shards, reads, addressOf, logger, now, wait } =
    options
  const { agents, sessions, passwords } = openAgents({ store, now })

  // Who they are.
  const guard = new SessionGuard({
    sessions,
    addressOf,
    publicUrl: config.publicUrl,
    databaseId: identity.id,
  })
  const signIn = new SignIn({
    store,
    agents,
    passwords,
    addressOf,
    logger,
    now,
    guard,
    limit: new SignInLimit({ store, now }),
    browsers: new KnownBrowsers({ store }),
  })
  const setupLink = new SetupLink({ store, agents, now })
  const presence = new Presence({ store, logger, now })

  // Work that is done for them.
  const caretaker = new IdleSweeper({ store, commands, shards, logger, now })
  const counts = new MessageCounts({ store, logger, wait })
  const cannedReplies = new CannedReplies({ store, now })
  const endpoint = businessEndpoint(config)
  const businessCards = new BusinessCards({ store, logger, now, secrets: secretBox, endpoint })

  const directory = colleagues(store)
  const views = { store, allowance: config.allowance, namesOf: directory.namesOf, now }
  const draftsOf = draftKeeping({
    databaseId: identity.id,
    derive: (purpose) => secretBox.derive(purpose),
  })
  return {
    agents,
    guard,
    presence,
    setupLink,
    directory,
    routes: [
      ...sessionRoutes({
        store,
        agents,
        guard,
        sessions,
        signIn,
        setupLink,
        presence,
        draftsOf,
        addressOf,
        now,
      }),
      ...agentRoutes({ agents, presence, submits, addressOf }),
      ...presenceRoutes({ store, presence, commands }),
      ...cannedReplyRoutes({ cannedReplies, submits }),
      ...tagRoutes({ store, reads }),
      ...businessRoutes({ store, businessCards, addressOf }),
      ...settingsRoutes({ store, addressOf, now }),
      ...reportRoutes({ addressOf, store, counts, reads, views, now }),
      ...auditRoutes({ store }),
    ],
    onTakenOver: ({ conversationId, appId, from, to, principal, ctx }) =>
      writeAudit(store.db, now(), {
        actor: principal,
        action: 'take_over',
        target: `conversation:${conversationId}`,
        appId,
        address: addressOf(ctx),
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
