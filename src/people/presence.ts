import { EventEmitter } from 'node:events'
import type { Logger } from '../log.js'
import { every, type Store } from '../store/index.js'
import type { Agent } from './agent-rows.js'
import { mayUse, type Principal } from '../http/principal.js'
import type { AgentView } from './schemas/agent-view.js'

/** How often it is noted who has a page open. */
const BEAT_MS = 15_000
/** An agent whose pages are not heard of for so long is not there: three beats. */
export const PRESENT_MS = 45_000
/** A page that shows a conversation says so at least this often. */
const LOOK_MS = 30_000
const TYPING_MS = 8000

/** An event for pages besides the feed: it is not kept, and whoever was away asks anew. */
export interface PresenceEvent {
  readonly event: 'presence' | 'agents'
  /** Returns the payload for somebody; undefined when it is not for them. */
  readonly dataFor: (principal: Pick<Principal, 'apps'>) => object | undefined
}

/** Word that an agent looks at a conversation, or at none any more. */
interface Look {
  readonly agent: { readonly id: number; readonly name: string }
  readonly conversation: { readonly id: number; readonly appId: string } | null
  readonly typing: boolean
}

interface Seen extends Look {
  readonly until: number
  readonly typingUntil: number
}

export interface PresenceOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
}

/** Who is there, and who looks at or types in which conversation, in all processes. */
export class Presence {
  readonly #options: PresenceOptions
  readonly #emitter = new EventEmitter().setMaxListeners(0)
  /** How many pages of an agent this process has. */
  readonly #open = new Map<number, number>()
  /** Who is there, by all processes. */
  #there: ReadonlyMap<number, number> = new Map()
  readonly #looks = new Map<number, Seen>()
  #sweep: NodeJS.Timeout | undefined
  readonly #ends: (() => void)[] = []

  constructor(options: PresenceOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { store } = this.#options
    this.#ends.push(
      store.signals.on('presence', (word) => {
        this.#heard(JSON.parse(word) as Look)
      }),
      store.signals.on('agents', () => {
        this.#beat(true)
      }),
    )
    this.#ends.push(
      every(BEAT_MS, () => {
        this.#beat(false)
      }),
      () => {
        clearTimeout(this.#sweep)
      },
    )
    this.#there = await this.#whoIsThere()
  }

  stop(): void {
    for (const end of this.#ends.splice(0)) end()
  }

  /** Calls back for each event; gives the function that ends it. */
  on(listener: (event: PresenceEvent) => void): () => void {
    this.#emitter.on('event', listener)
    return () => this.#emitter.off('event', listener)
  }

  /** A page of an agent is open, until the function that this gives is called. */
  async opened(agentId: number): Promise<() => void> {
    const { store, now } = this.#options
    const wasThere = this.#isThere(agentId)
    this.#open.set(agentId, (this.#open.get(agentId) ?? 0) + 1)
    await store.db.updateTable('agent').set({ seen_at: now() }).where('id', '=', agentId).execute()
    if (!wasThere) await this.notifyAgents()
    let closed = false
    return () => {
      if (closed) return
      closed = true
      const left = (this.#open.get(agentId) ?? 1) - 1
      if (left > 0) this.#open.set(agentId, left)
      else {
        this.#open.delete(agentId)
        const look = this.#looks.get(agentId)
        if (look) this.#notify({ agent: look.agent, conversation: null, typing: false })
      }
    }
  }

  /** An agent looks at a conversation, and at no other; to be said again within 30 s while it is so. */
  async look(
    agent: Look['agent'],
    conversation: { readonly id: number; readonly appId: string },
    typing: boolean,
  ): Promise<void> {
    const { id, name } = agent
    const word: Look = { agent: { id, name }, conversation, typing }
    await this.#options.store.signals.send('presence', JSON.stringify(word))
  }

  /** Tells all pages that agents, or what they chose to be, have changed. */
  async notifyAgents(): Promise<void> {
    await this.#options.store.signals.send('agents', '')
  }

  /** An agent as the API shows them. */
  view(agent: Agent): AgentView {
    // When a first password ends is nobody else's to know.
    const { id, name, role, apps, disabled, status, seenAt, createdAt } = agent
    const rest = { id, name, role, disabled, status, seenAt, createdAt }
    return { ...rest, apps: apps === 'all' ? apps : [...apps], online: this.#isThere(agent.id) }
  }

  #isThere(agentId: number): boolean {
    const seenAt = this.#there.get(agentId)
    return this.#open.has(agentId) || (seenAt !== undefined && seenAt > this.#options.now() - PRESENT_MS)
  }

  #heard(look: Look): void {
    const now = this.#options.now()
    const before = this.#looks.get(look.agent.id)
    if (look.conversation === null) this.#looks.delete(look.agent.id)
    else
      this.#looks.set(look.agent.id, {
        ...look,
        until: now + LOOK_MS,
        typingUntil: look.typing ? now + TYPING_MS : 0,
      })
    const moved = before?.conversation?.id !== look.conversation?.id
    const typed = before !== undefined && before.typingUntil > now
    if (before?.conversation && moved) this.#emit(before.conversation)
    if (look.conversation && (moved || typed !== look.typing)) this.#emit(look.conversation)
    this.#sweepLater()
  }

  /** Looks that were not said again are over. */
  #sweepLater(): void {
    clearTimeout(this.#sweep)
    const now = this.#options.now()
    const times = [...this.#looks.values()].map(({ until, typingUntil }) =>
      typingUntil > now ? typingUntil : until,
    )
    if (times.length === 0) return
    this.#sweep = setTimeout(
      () => {
        const at = this.#options.now()
        for (const [agentId, look] of this.#looks) {
          const { conversation, until, typingUntil } = look
          if (until <= at) this.#looks.delete(agentId)
          else if (look.typing && typingUntil <= at) this.#looks.set(agentId, { ...look, typing: false })
          else continue
          if (conversation) this.#emit(conversation)
        }
        this.#sweepLater()
      },
      Math.max(Math.min(...times) - now, 0) + 20,
    ).unref()
  }

  #emit({ id, appId }: { readonly id: number; readonly appId: string }): void {
    const agents = [...this.#looks.values()]
      .filter(({ conversation }) => conversation?.id === id)
      .map(({ agent, typing }) => ({ ...agent, typing }))
    const data = { conversationId: id, agents }
    this.#fire({ event: 'presence', dataFor: (principal) => (mayUse(principal, appId) ? data : undefined) })
  }

  #fire(event: PresenceEvent): void {
    this.#emitter.emit('event', event)
  }

  #notify(look: Look): void {
    this.#options.store.signals.send('presence', JSON.stringify(look)).catch((error: unknown) => {
      this.#options.logger.debug({ err: error }, 'other processes were not told who looks at what')
    })
  }

  /** Notes who has a page here, and finds out who is there; pages are told when that changed, or `always`. */
  #beat(always: boolean): void {
    this.#noteAndRead(always).catch((error: unknown) => {
      this.#options.logger.warn({ err: error }, 'who is there could not be noted; tried again soon')
    })
  }

  async #noteAndRead(always: boolean): Promise<void> {
    const { store, now } = this.#options
    const here = [...this.#open.keys()]
    if (here.length > 0)
      await store.db.updateTable('agent').set({ seen_at: now() }).where('id', 'in', here).execute()
    const before = [...this.#there.keys()].join()
    this.#there = await this.#whoIsThere()
    if (always || before !== [...this.#there.keys()].join())
      this.#fire({ event: 'agents', dataFor: () => ({}) })
  }

  async #whoIsThere(): Promise<Map<number, number>> {
    const { store, now } = this.#options
    const rows = await store.db
      .selectFrom('agent')
      .select(['id', 'seen_at'])
      .where('seen_at', '>', now() - PRESENT_MS)
      .orderBy('id')
      .execute()
    return new Map(rows.map((row) => [row.id, row.seen_at ?? 0]))
  }
}
