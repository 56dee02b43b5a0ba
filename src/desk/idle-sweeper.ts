import { sql, type Selectable } from 'kysely'
import { CommandError, type Commands, type Shards } from '../conversation/index.js'
import type { Logger } from '../log.js'
import type { AbandonReason, CloseReason } from '../protocol/reasons.js'
import { BackgroundLoop, type AgentTable, type Store } from '../store/index.js'
import { agentOf } from '../people/agent-rows.js'
import { mayUse } from '../http/principal.js'
import { readSettings } from '../people/settings.js'

const EVERY_MS = 15_000
/** Conversations in one reading. */
const PAGE = 500

export interface IdleSweeperOptions {
  readonly store: Store
  readonly commands: Pick<Commands, 'change'>
  /** Each process looks after its own part of the conversations. */
  readonly shards: Pick<Shards, 'owned'>
  readonly logger: Logger
  readonly now: () => number
}

interface Row {
  id: number
  epoch: number
  agent_id: number | null
  app_id: string
  waiting_since: number | null
  message_received_at: number | null
  enter_received_at: number | null
  assigned_at: number | null
  active_at: number | null
  updated_at: number
  last_message_id: number
}

/**
 * Gives conversations whose agent is gone or idle back to those who wait, and closes those that nobody writes in
 * any more. What changed between the look and the act is left alone.
 */
export class IdleSweeper {
  readonly #options: IdleSweeperOptions
  readonly #loop: BackgroundLoop

  constructor(options: IdleSweeperOptions) {
    this.#options = options
    this.#loop = new BackgroundLoop({
      pass: () => this.look(),
      everyMs: EVERY_MS,
      onError: (err) => {
        options.logger.warn({ err }, 'conversations could not be looked after; tried again soon')
      },
    })
  }

  start(): void {
    this.#loop.start()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  /** Looks once at all conversations of this process that a person has or waits for one. */
  async look(): Promise<undefined> {
    const { store, now } = this.#options
    const { absentMinutes, idleMinutes, closeHours } = await readSettings(store)
    const at = now()
    const absent = absentMinutes === 0 ? -Infinity : at - absentMinutes * 60_000
    const idle = idleMinutes === 0 ? -Infinity : at - idleMinutes * 60_000
    const old = closeHours === 0 ? -Infinity : at - closeHours * 3_600_000
    const agents = new Map(
      (await store.db.selectFrom('agent').selectAll().execute()).map((row) => [row.id, row]),
    )
    for (let after = -1; ;) {
      const rows = await this.#page('assigned', after)
      for (const row of rows) {
        const reason = this.#whyAbandoned(row, agents.get(row.agent_id ?? 0), absent, idle)
        if (isOld(row, old)) await this.#act(row, 'close', 'old')
        else if (reason !== undefined) await this.#act(row, 'abandon', reason)
      }
      const last = rows.at(-1)
      if (!last || rows.length < PAGE) break
      after = last.last_message_id
    }
    // The oldest are first; what is closed now is out of the way of the next look.
    for (const row of await this.#page('waiting', -1))
      if (isOld(row, old)) await this.#act(row, 'close', 'old')
  }

  #whyAbandoned(
    row: Row,
    agent: Selectable<AgentTable> | undefined,
    absent: number,
    idle: number,
  ): AbandonReason | undefined {
    if (agent?.disabled !== 0 || agent.name_key === null || !mayUse(agentOf(agent), row.app_id)) return 'left'
    const since = Math.max(row.assigned_at ?? row.updated_at, row.active_at ?? 0)
    // Whoever never had a page answers by a program.
    if (agent.seen_at !== null && Math.max(agent.seen_at, since) <= absent) return 'absent'
    if (row.waiting_since !== null && Math.max(row.waiting_since, since) <= idle) return 'idle'
    return undefined
  }

  async #page(status: 'assigned' | 'waiting', after: number): Promise<Row[]> {
    const { store, shards } = this.#options
    if (shards.owned.length === 0) return []
    const { rows } = await sql<Row>`
      select c.id, c.epoch, c.agent_id, contact.app_id, c.waiting_since, c.message_received_at, c.enter_received_at,
        c.assigned_at, c.active_at, c.updated_at, coalesce(c.last_message_id, 0) as last_message_id
      from conversation c join contact on contact.id = c.contact_id
      where c.status = ${status} and c.last_message_id > ${after} and c.shard in (${sql.join(shards.owned)})
      order by c.last_message_id limit ${sql.lit(PAGE)}`.execute(store.db)
    return rows
  }

  async #act(row: Row, type: 'close' | 'abandon', reason: AbandonReason | CloseReason): Promise<void> {
    const { commands, logger } = this.#options
    try {
      await commands.change(
        row.id,
        { type },
        { agentId: null },
        {
          reason,
          onlyIf: ({ epoch, waitingSince, messageReceivedAt }) =>
            epoch === row.epoch &&
            waitingSince === row.waiting_since &&
            messageReceivedAt === row.message_received_at,
        },
      )
    } catch (error) {
      // It changed meanwhile, or is gone.
      if (!(error instanceof CommandError)) throw error
      logger.debug({ conversationId: row.id, code: error.code }, 'a conversation was left as it is')
    }
  }
}

/** One that a person opened again stays open as long as one in which the customer has just written. */
function isOld(row: Row, old: number): boolean {
  return Math.max(row.message_received_at ?? 0, row.enter_received_at ?? 0, row.updated_at) <= old
}
