import { createHash, randomBytes } from 'node:crypto'
import type { Store } from '../store/index.js'
import { agentOf, type Agent } from './agents.js'

const HOUR_MS = 3_600_000
/** A session that nothing is heard of for so long has ended; an open page is heard of: its stream asks. */
export const SESSION_IDLE_MS = 12 * HOUR_MS
/** However much it is used. */
export const SESSION_LONGEST_MS = 7 * 24 * HOUR_MS
/** How often it is noted that a session is used. */
const SEEN_MS = 60_000
/** Said to all processes when sessions ended: streams are to ask again whether they may go on. */
export const SESSION_ENDED = 'session-ended'

export interface Session {
  /** What is kept of the cookie. */
  readonly idHash: string
  readonly agent: Agent
}

export interface SessionsOptions {
  readonly store: Store
  readonly now: () => number
}

/** Who is signed in: kept at the server, so that a session ends when we say so, whatever a browser holds. */
export class Sessions {
  readonly #options: SessionsOptions

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  /** Begins a session; gives what its cookie holds: 256 random bits, of which a hash is kept. */
  async begin(agentId: number): Promise<string> {
    const { store, now } = this.#options
    const value = randomBytes(32).toString('base64url')
    const at = now()
    await store.db.transaction().execute(async (tx) => {
      await tx
        .deleteFrom('session')
        .where((eb) => eb.or([eb('ends_at', '<=', at), eb('seen_at', '<=', at - SESSION_IDLE_MS)]))
        .execute()
      await tx
        .insertInto('session')
        .values({
          id_hash: hashOf(value),
          agent_id: agentId,
          created_at: at,
          seen_at: at,
          ends_at: at + SESSION_LONGEST_MS,
        })
        .execute()
    })
    return value
  }

  /** The session of a cookie, with its agent as they are now; undefined when it has ended, or never was. */
  async find(value: string): Promise<Session | undefined> {
    const { store, now } = this.#options
    const idHash = hashOf(value)
    const at = now()
    const row = await store.db
      .selectFrom('session')
      .innerJoin('agent', 'agent.id', 'session.agent_id')
      .select([
        'agent.id',
        'agent.name',
        'agent.role',
        'agent.apps',
        'agent.disabled',
        'agent.status',
        'agent.seen_at',
        'agent.created_at',
        'session.seen_at as session_seen_at',
      ])
      .where('session.id_hash', '=', idHash)
      .where('session.ends_at', '>', at)
      .where('session.seen_at', '>', at - SESSION_IDLE_MS)
      .where('agent.disabled', '=', 0)
      .executeTakeFirst()
    if (!row) return undefined
    if (row.session_seen_at < at - SEEN_MS) await this.#seen(idHash, at)
    return { idHash, agent: agentOf(row) }
  }

  /** Ends the session of a cookie. */
  async end(value: string): Promise<void> {
    const idHash = hashOf(value)
    await this.#options.store.db.deleteFrom('session').where('id_hash', '=', idHash).execute()
    await this.#options.store.signals.send(SESSION_ENDED, '')
  }

  /** Ends all sessions of an agent, in every process. */
  async endAllOf(agentId: number): Promise<void> {
    await this.#options.store.db.deleteFrom('session').where('agent_id', '=', agentId).execute()
    await this.#options.store.signals.send(SESSION_ENDED, '')
  }

  async #seen(idHash: string, at: number): Promise<void> {
    await this.#options.store.db
      .updateTable('session')
      .set({ seen_at: at })
      .where('id_hash', '=', idHash)
      .execute()
  }
}

/** What a page must send back with whatever changes something: only who may read our answers can know it. */
export function csrfTokenOf(cookie: string): string {
  return createHash('sha256').update(`csrf:${cookie}`).digest('base64url')
}

function hashOf(value: string): string {
  return createHash('sha256').update(value).digest('base64url')
}
