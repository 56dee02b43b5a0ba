import { shallowReactive } from 'vue'
import { DeskError, type Client } from '../api/client.js'
import type { MessageView, OutgoingMessage } from '../api/views.js'
import type { Refused } from '../text/problem-words.js'

/** A message on its way from this page to the service; once that has it, it is a message like others. */
export interface Pending {
  clientId: string
  conversationId: number
  message: OutgoingMessage
  at: number
  /** How long the service holds it, to be taken back. */
  holdSeconds?: number
  /** `failed` when the service refused it, or could not be reached for long. */
  state: 'sending' | 'failed'
  /** What the service has against it; null while nothing is known of that. */
  problem: Refused | null
  /** The picture, for as long as only this page has it. */
  preview?: string
}

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
  /** How far from the end it was left, in pixels; null for at the end. */
  leftAt: number | null
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
  refresh(): Promise<void>
  addPending(pending: Pending): void
  dropPending(conversationId: number, clientId: string): void
}

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
    addPending(pending) {
      const thread = threads.get(pending.conversationId) ?? open(pending.conversationId)
      const others = thread.pending.filter(({ clientId }) => clientId !== pending.clientId)
      thread.pending = [...others, pending]
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
