import type { Shards } from './shards.js'
import type { Logger } from '../log.js'
import type { Store } from '../store/index.js'

export interface ConversationSignalsOptions {
  readonly store: Pick<Store, 'signals'>
  readonly shards: Pick<Shards, 'alone'>
  readonly logger: Logger
}

/** Signals about conversations to the processes that share the database. One that is lost costs time only. */
export class ConversationSignals {
  readonly #options: ConversationSignalsOptions

  constructor(options: ConversationSignalsOptions) {
    this.#options = options
  }

  /** A message waits: its conversation may be another process's to send in. */
  queued(): void {
    const { store, shards, logger } = this.#options
    if (shards.alone) return
    store.signals.send('queued', '').catch((err: unknown) => {
      logger.warn({ err }, 'the other processes could not be told of a message; they find it within a second')
    })
  }

  /** The feed has grown: its followers look at once, and not when they would by themselves. */
  grown(): void {
    const { store, logger } = this.#options
    store.signals.send('feed', '').catch((err: unknown) => {
      logger.debug({ err }, 'who follows the feed could not be told; they look again by themselves')
    })
  }
}
