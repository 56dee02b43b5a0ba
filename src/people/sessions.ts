import { createHash, randomBytes } from 'node:crypto'
import type { Store } from '../store/index.js'
import { agentOf, type Agent } from './agent-rows.js'

const HOUR_MS = 3_600_000
/** A session that nothing is heard of for so long has ended; an open page is heard of: its stream asks. */
export const SESSION_IDLE_MS = 12 * HOUR_MS
/** However much it is used. */
export const SESSION_LONGEST_MS = 7 * 24 * HOUR_MS
/** How often it is noted that a session is used. */
const SEEN_MS = 60_000

export interface Session {
  /** The hash of the cookie, which alone is kept. */
  readonly idHash: string
  readonly agent: Agent
}

/** Where a session was begun. */
export interface SessionOrigin {
  /** The browser in a few words. */
  readonly device?: string | null
  readonly address?: string | undefined
}

/** A session as its agent sees it. */
export interface SessionEntry {
  /** Its name; nobody gets in with it. */
  readonly id: string
  readonly device: string | null
  readonly address: string | null
  readonly createdAt: number
  readonly seenAt: number
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
  async begin(agentId: number, from: SessionOrigin = {}): Promise<string> {
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
          device: from.device ?? null,
          address: from.address ?? null,
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
        'agent.password_ends_at',
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
    await this.#options.store.signals.send('session-ended', '')
  }

  /** The sessions of an agent that have not ended, the one used last first. */
  async listOf(agentId: number): Promise<SessionEntry[]> {
    const { store, now } = this.#options
    const at = now()
    const rows = await store.db
      .selectFrom('session')
      .selectAll()
      .where('agent_id', '=', agentId)
      .where('ends_at', '>', at)
      .where('seen_at', '>', at - SESSION_IDLE_MS)
      .orderBy('seen_at', 'desc')
      .orderBy('created_at', 'desc')
      .execute()
    return rows.map((row) => ({
      id: sessionName(row.id_hash),
      device: row.device,
      address: row.address,
      createdAt: row.created_at,
      seenAt: row.seen_at,
    }))
  }

  /** Ends those sessions of an agent that `which` names, in every process; gives how many these were. */
  async endSome(agentId: number, which: (name: string) => boolean): Promise<number> {
    const { store } = this.#options
    const rows = await store.db
      .selectFrom('session')
      .select('id_hash')
      .where('agent_id', '=', agentId)
      .execute()
    const ended = rows.map((row) => row.id_hash).filter((hash) => which(sessionName(hash)))
    if (ended.length === 0) return 0
    await store.db.deleteFrom('session').where('id_hash', 'in', ended).execute()
    await store.signals.send('session-ended', '')
    return ended.length
  }

  /** Ends all sessions of an agent, in every process. */
  async endAllOf(agentId: number): Promise<void> {
    await this.#options.store.db.deleteFrom('session').where('agent_id', '=', agentId).execute()
    await this.#options.store.signals.send('session-ended', '')
  }

  async #seen(idHash: string, at: number): Promise<void> {
    await this.#options.store.db
      .updateTable('session')
      .set({ seen_at: at })
      .where('id_hash', '=', idHash)
      .execute()
  }
}

/** Returns the token that a page must send back with each change: only who may read our answers can know it. */
export function csrfTokenOf(cookie: string): string {
  return createHash('sha256').update(`csrf:${cookie}`).digest('base64url')
}

/** Returns a page's name for a session; its cookie can't be found from it. */
export function sessionName(idHash: string): string {
  return hashOf(`name:${idHash}`).slice(0, 22)
}

function hashOf(value: string): string {
  return createHash('sha256').update(value).digest('base64url')
}
