import { shallowReactive } from 'vue'
import { DeskError, type Client } from '../../api/client.js'
import type { MessageView } from '../../api/views.js'
import type { Pending } from '../composer/machine/pending.js'
import { storeKey } from '../../stores/store-key.js'

/** The messages of one conversation, oldest first, as far as they were read; lists are replaced, never changed. */
export interface Thread {
  messages: MessageView[]
  pending: Pending[]
  /** For what came before; null at the beginning, undefined before the first page. */
  next: string | null | undefined
  loading: boolean
  failed: boolean
  /** What was unread when the conversation was opened: the last so many incoming messages up to one. */
  fresh: { count: number; upTo: number }
  /** The message that was the first in sight when it was left, and where it stood, in pixels; null for at the end. */
  leftAt: { id: number; top: number } | null
}

export interface Threads {
  /** The thread as it is known; reads its first page when it is not. */
  open(conversationId: number): Thread
  peek(conversationId: number): Thread | undefined
  /** A message as an event tells it: the latest that there is. */
  put(message: MessageView): void
  /** A message as it was made: an event that came before this answer knows more of it. */
  putNew: (message: MessageView) => void
  earlier(conversationId: number): Promise<void>
  /** Reads the last page of each known thread anew, as after a break. */
  refresh: () => Promise<void>
  /** Reads each known thread anew from its end, and forgets what it had: the service was set back. */
  startAnew: () => Promise<void>
  /** What of a conversation is on its way from this page. */
  setPending(conversationId: number, pending: Pending[]): void
  dropPending(conversationId: number, clientId: string): void
}

export const [threadsKey, useThreads] = storeKey<Threads>('threads')

/** More threads than these are forgotten, the one opened longest ago first. */
const most = 30

export function createThreads(client: Client, onProblem: (error: DeskError) => void): Threads {
  const threads = shallowReactive(new Map<number, Thread>())
  /** Messages that events told since the last refresh began: they are newer than what it reads. */
  let told = new Set<number>()

  function open(conversationId: number): Thread {
    const known = threads.get(conversationId)
    if (known) {
      // Opened last, so forgotten last.
      threads.delete(conversationId)
      threads.set(conversationId, known)
      if (known.next === undefined && !known.loading) void read(conversationId)
      return known
    }
    for (const [id, { pending }] of threads)
      if (threads.size >= most && pending.length === 0) threads.delete(id)
    const thread = shallowReactive<Thread>({
      messages: [],
      pending: [],
      next: undefined,
      loading: false,
      failed: false,
      fresh: { count: 0, upTo: 0 },
      leftAt: null,
    })
    threads.set(conversationId, thread)
    void read(conversationId)
    return open(conversationId)
  }

  async function read(conversationId: number): Promise<void> {
    const thread = threads.get(conversationId)
    if (!thread || thread.loading || thread.next === null) return
    thread.loading = true
    thread.failed = false
    try {
      const { items, next } = await client.messages(conversationId, thread.next ?? null)
      // What events told while this was read is newer.
      thread.messages = merged(merged([], items), thread.messages)
      thread.next = next
    } catch (error) {
      if (!(error instanceof DeskError)) throw error
      thread.failed = true
      onProblem(error)
    } finally {
      thread.loading = false
    }
  }

  function put(message: MessageView): void {
    const thread = threads.get(message.conversationId)
    // A thread whose first page is not here yet gets the message with it, or beside it.
    told.add(message.id)
    if (thread) thread.messages = merged(thread.messages, [message])
  }

  return {
    open,
    peek: (conversationId) => threads.get(conversationId),
    put,
    putNew(message) {
      const thread = threads.get(message.conversationId)
      if (thread?.messages.every(({ id }) => id !== message.id) === true) put(message)
    },
    earlier: read,
    async refresh() {
      told = new Set()
      for (const [id, thread] of [...threads]) {
        if (thread.next === undefined) continue
        const page = await client.messages(id, null)
        const { next } = page
        const items = page.items.filter((message) => !told.has(message.id))
        const oldest = page.items.at(-1)?.id ?? 0
        const gap = !thread.messages.some((message) => message.id >= oldest)
        // More came than one page: what lies between is read again by scrolling.
        thread.messages = gap ? merged([], page.items) : merged(thread.messages, items)
        if (gap) thread.next = next
      }
    },
    async startAnew() {
      told = new Set()
      const readings = [...threads].map(async ([id, thread]) => {
        if (thread.next === undefined) return
        try {
          const { items, next } = await client.messages(id, null)
          // What events told since then is the service's too.
          const fresh = thread.messages.filter((message) => told.has(message.id))
          thread.messages = merged(merged([], items), fresh)
          thread.next = next
          thread.fresh = { count: 0, upTo: 0 }
        } catch (error) {
          if (!(error instanceof DeskError)) throw error
          if (error.status === 404 && thread.pending.length === 0) threads.delete(id)
          else thread.failed = true
        }
      })
      await Promise.all(readings)
    },
    setPending(conversationId, pending) {
      const thread = threads.get(conversationId) ?? (pending.length > 0 ? open(conversationId) : undefined)
      if (thread) thread.pending = pending
    },
    dropPending(conversationId, clientId) {
      const thread = threads.get(conversationId)
      if (thread) thread.pending = thread.pending.filter((pending) => pending.clientId !== clientId)
    },
  }
}

/** Both, each message once and in its latest form, in the order of the workspace's sequence. */
export function merged(known: readonly MessageView[], more: readonly MessageView[]): MessageView[] {
  const last = known.at(-1)
  const [one] = more
  if (more.length === 1 && one && (last === undefined || one.id > last.id)) return [...known, one]
  const byId = new Map(known.map((message) => [message.id, message]))
  for (const message of more) byId.set(message.id, message)
  return [...byId.values()].sort((a, b) => a.id - b.id)
}
