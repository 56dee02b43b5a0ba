import { createHash, randomBytes } from 'node:crypto'
import type { Logger } from '../log.js'
import type { Store } from '../store/index.js'
import { agentOf, type Agent } from './agents.js'

const HOUR_MS = 3_600_000
/** A session that nothing is heard of for so long has ended; an open page is heard of. */
export const SESSION_IDLE_MS = 12 * HOUR_MS
/** However much it is used. */
export const SESSION_LONGEST_MS = 7 * 24 * HOUR_MS
/** How often it is noted that a session is used. */
const SEEN_MS = 60_000
/** How often watched sessions are looked at, should a word of their end have been missed. */
const RECHECK_MS = 15_000
/** The word that says so to all processes. */
export const SESSION_ENDED = 'session-ended'

export interface Session {
  /** What is kept of the cookie. */
  readonly idHash: string
  readonly agent: Agent
}

export interface SessionsOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
}

interface Watch {
  readonly session: Session
  readonly onEnd: () => void
}

/** Who is signed in: kept at the server, so that a session ends when we say so, whatever a browser holds. */
export class Sessions {
  readonly #options: SessionsOptions
  readonly #watches = new Set<Watch>()
  readonly #ends: (() => void)[] = []

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  start(): void {
    const { store, logger } = this.#options
    const timer = setInterval(() => {
      this.#recheck().catch((error: unknown) => {
        logger.warn({ err: error }, 'sessions could not be looked at; tried again soon')
      })
    }, RECHECK_MS).unref()
    const unhear = store.signals.on(SESSION_ENDED, (word) => {
      this.#close((session) => word === `session:${session.idHash}` || word === `agent:${session.agent.id}`)
    })
    this.#ends.push(unhear, () => {
      clearInterval(timer)
    })
  }

  stop(): void {
    for (const end of this.#ends.splice(0)) end()
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
    if (row.session_seen_at < at - SEEN_MS) await this.#seen([idHash])
    return { idHash, agent: agentOf(row) }
  }

  /** Ends the session of a cookie. */
  async end(value: string): Promise<void> {
    const idHash = hashOf(value)
    await this.#options.store.db.deleteFrom('session').where('id_hash', '=', idHash).execute()
    await this.#options.store.signals.send(SESSION_ENDED, `session:${idHash}`)
  }

  /** Ends all sessions of an agent, in every process. */
  async endAllOf(agentId: number): Promise<void> {
    await this.#options.store.db.deleteFrom('session').where('agent_id', '=', agentId).execute()
    await this.#options.store.signals.send(SESSION_ENDED, `agent:${agentId}`)
  }

  /** Calls back once when a session ends, however it does; gives the function that stops watching. */
  watch(session: Session, onEnd: () => void): () => void {
    const watch = { session, onEnd }
    this.#watches.add(watch)
    return () => this.#watches.delete(watch)
  }

  /** The agents that have a watched session, each once. */
  get watched(): readonly Agent[] {
    return [...new Map([...this.#watches].map(({ session: { agent } }) => [agent.id, agent])).values()]
  }

  #close(ended: (session: Session) => boolean): void {
    for (const watch of this.#watches) if (ended(watch.session) && this.#watches.delete(watch)) watch.onEnd()
  }

  async #recheck(): Promise<void> {
    const hashes = [...new Set([...this.#watches].map(({ session }) => session.idHash))]
    if (hashes.length === 0) return
    // An open page keeps its session from being idle.
    await this.#seen(hashes)
    const rows = await this.#options.store.db
      .selectFrom('session')
      .innerJoin('agent', 'agent.id', 'session.agent_id')
      .select('session.id_hash')
      .where('session.id_hash', 'in', hashes)
      .where('session.ends_at', '>', this.#options.now())
      .where('agent.disabled', '=', 0)
      .execute()
    const alive = new Set(rows.map((row) => row.id_hash))
    this.#close((session) => hashes.includes(session.idHash) && !alive.has(session.idHash))
  }

  async #seen(hashes: readonly string[]): Promise<void> {
    const at = this.#options.now()
    await this.#options.store.db
      .updateTable('session')
      .set({ seen_at: at })
      .where('id_hash', 'in', [...hashes])
      .where('seen_at', '<', at - SEEN_MS)
      .where('seen_at', '>', at - SESSION_IDLE_MS)
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
