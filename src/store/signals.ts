import { every } from './every.js'
import { EventEmitter } from 'node:events'
import { sql, type RawBuilder } from 'kysely'
import type { Pool, PoolClient } from 'pg'
import type { Channel, SignalMap } from '../protocol/signals.js'

/** Signals between the processes that share a database; one that is missed costs a delay, never a message. */
export interface Signals {
  /** Signals to all processes, this one included, soon after. */
  send<C extends Channel>(channel: C, payload: SignalMap[C]): Promise<void>
  /** Calls `listener` for each signal of a channel; returns the function that ends it. */
  on<C extends Channel>(channel: C, listener: (payload: SignalMap[C]) => void): () => void
  close(): Promise<void>
}

/** One process alone: its own signals come back to it. */
export class LocalSignals implements Signals {
  readonly #emitter = new EventEmitter().setMaxListeners(0)

  async send<C extends Channel>(channel: C, payload: SignalMap[C]): Promise<void> {
    this.#emitter.emit(channel, payload)
  }

  on<C extends Channel>(channel: C, listener: (payload: SignalMap[C]) => void): () => void {
    this.#emitter.on(channel, listener)
    return () => this.#emitter.off(channel, listener)
  }

  async close(): Promise<void> {
    this.#emitter.removeAllListeners()
  }
}

/** PostgreSQL's LISTEN and NOTIFY. A payload holds fewer than 8000 bytes. */
const CHANNEL = 'kefu'
const RECONNECT_MS = 500

/** PostgreSQL: a signal that is sent when the transaction commits that selects this. */
export function inCommit<C extends Channel>(channel: C, payload: SignalMap[C]): RawBuilder<unknown> {
  return sql`pg_notify(${CHANNEL}, ${JSON.stringify([channel, payload])})`
}

/** PostgreSQL: one connection listens, and is made again when it breaks. */
export class PostgresSignals implements Signals {
  readonly #pool: Pool
  readonly #emitter = new EventEmitter().setMaxListeners(0)
  #client: PoolClient | undefined
  readonly #endPulse: () => void
  /** The connection that owes an answer. */
  #asked: PoolClient | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  /** `pulseMs`: how often the listening connection is asked whether it still lives. */
  constructor(pool: Pool, pulseMs: number) {
    this.#pool = pool
    this.#endPulse = every(pulseMs, () => {
      this.#ask()
    })
    void this.#listen()
  }

  async send<C extends Channel>(channel: C, payload: SignalMap[C]): Promise<void> {
    await this.#pool.query('select pg_notify($1, $2)', [CHANNEL, JSON.stringify([channel, payload])])
  }

  on<C extends Channel>(channel: C, listener: (payload: SignalMap[C]) => void): () => void {
    this.#emitter.on(channel, listener)
    return () => this.#emitter.off(channel, listener)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#endPulse()
    clearTimeout(this.#timer)
    this.#emitter.removeAllListeners()
    this.#client?.release(true)
    this.#client = undefined
  }

  #ask(): void {
    const client = this.#client
    if (!client || this.#asked === client) return
    this.#asked = client
    client.query('select 1').then(
      () => {
        this.#asked = undefined
      },
      () => undefined,
    )
  }

  async #listen(): Promise<void> {
    try {
      const client = await this.#pool.connect()
      if (this.#closed) {
        client.release(true)
        return
      }
      client.on('notification', ({ payload = '' }) => {
        const [channel, carried] = JSON.parse(payload) as [string, string]
        this.#emitter.emit(channel, carried)
      })
      client.once('error', () => {
        this.#again(client)
      })
      client.once('end', () => {
        this.#again(client)
      })
      this.#asked = client
      this.#client = client
      await client.query(`listen ${CHANNEL}`)
      this.#asked = undefined
    } catch {
      this.#again(this.#client)
    }
  }

  #again(client: PoolClient | undefined): void {
    if (this.#closed || (client !== undefined && client !== this.#client)) return
    this.#client = undefined
    try {
      client?.release(true)
    } catch {
      // released already
    }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#listen(), RECONNECT_MS)
  }
}
