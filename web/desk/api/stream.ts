import { sseParser } from './sse.js'
import type { DeskEvent } from './views.js'

/** `aside`: the service closed it for later pages of the same agent, and it comes back when somebody wants this page. */
export type Link = 'connecting' | 'live' | 'lost' | 'aside'

export interface StreamOptions {
  fetch: typeof globalThis.fetch
  /** The stream's address without a query. */
  url: string
  /** The database that numbers are of. */
  database: () => string
  /** The state of the connection changed; `heardAt` is when the service was heard last, undefined before it ever was. */
  onLink: (link: Link, heardAt: number | undefined) => void
  /** Everything must be read: at the first connection. */
  onFresh: () => void
  /** What the page knows holds no more: what was missed is not known any more, or the database is another one. */
  onReset: () => void
  onEvent: (event: DeskEvent) => void
  onSignedOut: () => void
  /** Waits so long before the n-th try, from 0. */
  backoffMs?: (attempt: number) => number
  /** Without a byte for so long the connection counts as dead: the service writes a comment each 15 s. */
  silenceMs?: number
}

export interface Stream {
  /** Tries at once instead of when its time has come: the network is said to be back. */
  wake(): void
  /** Somebody looks at this page or uses it: if it stood aside for others, it comes back. */
  want(): void
  /** The network is said to be gone. */
  drop(): void
  close(): void
}

/**
 * Follows the service's live events and comes back after every break, asking for what came after the last number that
 * was applied. By fetch and not EventSource: that tells neither 401 from a broken line nor silence from a dead one.
 */
export function openStream(options: StreamOptions): Stream {
  const { fetch, url, database, onLink, onFresh, onReset, onEvent, onSignedOut, silenceMs = 40_000 } = options
  const backoffMs =
    options.backoffMs ?? ((attempt) => Math.min(15_000, 500 * 2 ** attempt) * (0.75 + Math.random() / 2))
  let last: string | null = null
  let heardAt: number | undefined
  let attempt = 0
  let abort = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let closed = false
  /** Pages that all came back at once would close each other for ever. */
  let aside = false

  function later(ms: number): void {
    clearTimeout(timer)
    if (!closed) timer = setTimeout(() => void follow(), ms)
  }

  async function follow(): Promise<void> {
    const mine = new AbortController()
    abort = mine
    let silence: ReturnType<typeof setTimeout> | undefined
    const heard = (): void => {
      clearTimeout(silence)
      silence = setTimeout(() => {
        mine.abort()
      }, silenceMs)
    }
    heard()
    try {
      const seen = new URLSearchParams(last === null ? {} : { after: last, database: database() })
      const response = await fetch(last === null ? url : `${url}?${seen.toString()}`, {
        headers: { accept: 'text/event-stream' },
        credentials: 'same-origin',
        cache: 'no-store',
        signal: mine.signal,
      })
      if (response.status === 401) {
        closed = true
        onSignedOut()
        return
      }
      if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`)
      attempt = 0
      heardAt = Date.now()
      onLink('live', heardAt)
      if (last === null) onFresh()
      const parse = sseParser(({ event, data, id }) => {
        if (mine.signal.aborted) return
        if (id !== '') last = id
        if (event === 'closed') aside = true
        const decoded = decode(event, data)
        if (decoded === undefined) return
        if (decoded.type === 'reset') onReset()
        else onEvent(decoded)
      })
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
      for (;;) {
        const { value, done } = await reader.read()
        if (done) break
        heard()
        heardAt = Date.now()
        parse(value)
      }
    } catch {
      // Whatever broke it, the way back is the same.
    } finally {
      clearTimeout(silence)
    }
    if (abort !== mine || closed) return
    if (aside) {
      onLink('aside', heardAt)
      return
    }
    onLink('lost', heardAt)
    later(backoffMs(attempt++))
  }

  void follow()
  return {
    wake() {
      if (aside) return
      attempt = 0
      abort.abort()
      later(0)
    },
    want() {
      if (!aside || closed) return
      aside = false
      attempt = 0
      onLink('lost', heardAt)
      later(0)
    },
    drop() {
      abort.abort()
    },
    close() {
      closed = true
      clearTimeout(timer)
      abort.abort()
    },
  }
}

/** The service is of this same version; an event that this page does not know yet is left out. */
function decode(event: string, data: string): DeskEvent | undefined {
  switch (event) {
    case 'message':
    case 'conversation':
    case 'presence':
    case 'agents':
    case 'reset':
      return { ...(JSON.parse(data) as object), type: event } as DeskEvent
    default:
      return undefined
  }
}
