import { DeskError, type Client } from '../api/client.js'
import type { MessageView, OutgoingMessage } from '../api/views.js'
import type { Pending, Threads } from './threads.js'

/** What this page has been asked to send and the service has not confirmed: kept in this browser until it has. */
export interface Outgoing {
  /** Hands a message to the service, under a name by which it is taken once. */
  send(conversationId: number, clientId: string, message: OutgoingMessage, preview?: string): void
  retry(pending: Pending): void
  discard(pending: Pending): void
  /** What a page before this one left unconfirmed; what is older than some minutes waits for a person. */
  restore(): void
  /** Tries what could not be handed over, as the network is back. */
  resume(): void
}

export interface OutgoingOptions {
  client: Client
  threads: Threads
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>
  now: () => number
  onSent: (message: MessageView) => void
  /** How long a message is held before it leaves, as the agent chose. */
  holdSeconds?: () => number
  /** How long a message is tried by itself. */
  patienceMs?: number
}

const prefix = 'kefu.desk.outgoing.'

/**
 * Messages go to the service one after the other in each conversation, each tried until it is answered. The name
 * (clientId) makes a second try harmless, so also a page that was closed midway can be gone on with.
 */
export function createOutgoing(options: OutgoingOptions): Outgoing {
  const { client, threads, storage, now, onSent, holdSeconds = () => 0, patienceMs = 120_000 } = options
  const lines = new Map<number, Promise<void>>()
  const waiting = new Set<() => void>()

  function queue(pending: Pending): void {
    threads.addPending(pending)
    keep(pending)
    const line = (lines.get(pending.conversationId) ?? Promise.resolve()).then(() => deliver(pending))
    lines.set(pending.conversationId, line)
  }

  async function deliver(pending: Pending): Promise<void> {
    const { conversationId, clientId, message, holdSeconds } = pending
    for (let attempt = 0; ; attempt++) {
      try {
        const sent = await client.send(conversationId, clientId, message, holdSeconds)
        forget(clientId)
        threads.dropPending(conversationId, clientId)
        onSent(sent)
        return
      } catch (error) {
        if (!(error instanceof DeskError)) throw error
        const isPassing = error.isPassing && now() - pending.at < patienceMs
        if (!isPassing) {
          const failed: Pending = {
            ...pending,
            state: 'failed',
            problem: { code: error.code, message: error.message, detail: error.detail },
          }
          // What the service refused for good needs no second try after a reload.
          if (!error.isPassing) forget(clientId)
          threads.addPending(failed)
          return
        }
        await pause(Math.min(8000, 800 * 2 ** attempt))
      }
    }
  }

  /** Until the time has come, or the network is said to be back. */
  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer)
        waiting.delete(go)
        resolve()
      }
      const timer = setTimeout(go, ms)
      waiting.add(go)
    })
  }

  function keep(pending: Pending): void {
    try {
      // A preview is an address of this page alone.
      const kept = JSON.stringify({ ...pending, preview: undefined })
      storage.setItem(prefix + pending.clientId, kept)
    } catch {
      // A full storage: it is only not gone on with after a reload.
    }
  }

  function forget(clientId: string): void {
    storage.removeItem(prefix + clientId)
  }

  return {
    send(conversationId, clientId, message, preview) {
      const known = threads.peek(conversationId)?.pending.find((one) => one.clientId === clientId)
      if (known?.state === 'sending') return
      queue({
        clientId,
        conversationId,
        message,
        at: now(),
        holdSeconds: holdSeconds(),
        state: 'sending',
        problem: null,
        ...(preview === undefined ? {} : { preview }),
      })
    },
    retry(pending) {
      queue({ ...pending, at: now(), state: 'sending', problem: null })
    },
    discard({ conversationId, clientId }) {
      forget(clientId)
      threads.dropPending(conversationId, clientId)
    },
    restore() {
      const names = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
      for (const name of names) {
        if (!name.startsWith(prefix)) continue
        const pending = decode(storage.getItem(name))
        if (pending === null) storage.removeItem(name)
        else if (now() - pending.at < patienceMs) queue({ ...pending, state: 'sending' })
        else threads.addPending({ ...pending, state: 'failed', problem: null })
      }
    },
    resume() {
      for (const go of [...waiting]) go()
    },
  }
}

/** What an earlier page of this browser wrote. */
function decode(text: string | null): Pending | null {
  try {
    const kept: unknown = JSON.parse(text ?? 'null')
    if (typeof kept !== 'object' || kept === null) return null
    const isPending = 'clientId' in kept && 'conversationId' in kept && 'message' in kept && 'at' in kept
    return isPending ? (kept as Pending) : null
  } catch {
    return null
  }
}
