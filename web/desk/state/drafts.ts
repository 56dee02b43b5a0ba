import { reactive } from 'vue'

/** What an agent is writing in one conversation. */
export interface Draft {
  /** Names what is written now: a submit of the same draft with the same text is one submit, whichever tab makes it. */
  id: string
  reply: string
  note: string
}

export interface Drafts {
  /** The conversation's draft, to be written into; kept after each pause. */
  of(conversationId: number): Draft
  /** Whether something for the customer waits to be sent. */
  has(conversationId: number): boolean
  /** Keeps what changed, half a second after the last change. */
  changed(conversationId: number): void
  /** What was written is sent; the next draft has another name. Told to the other tabs. */
  done(conversationId: number, tab: 'reply' | 'note'): void
  /** Keeps everything at once, as the page goes. */
  flush(): void
}

export interface DraftsOptions {
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
  newId: () => string
  pauseMs?: number
}

const key = (conversationId: number): string => `kefu.desk.draft.${conversationId}`

/** Drafts kept in this browser, each conversation's own. `storageChanged` takes what another tab wrote. */
export function openDrafts(options: DraftsOptions): Drafts & { storageChanged(name: string | null): void } {
  const { storage, newId, pauseMs = 500 } = options
  const drafts = reactive(new Map<number, Draft>())
  const timers = new Map<number, ReturnType<typeof setTimeout>>()

  function of(conversationId: number): Draft {
    const known = drafts.get(conversationId)
    if (known) return known
    drafts.set(
      conversationId,
      read(storage.getItem(key(conversationId))) ?? { id: newId(), reply: '', note: '' },
    )
    return drafts.get(conversationId) ?? { id: newId(), reply: '', note: '' }
  }

  function keep(conversationId: number): void {
    clearTimeout(timers.get(conversationId))
    timers.delete(conversationId)
    const draft = of(conversationId)
    try {
      if (draft.reply === '' && draft.note === '') storage.removeItem(key(conversationId))
      else storage.setItem(key(conversationId), JSON.stringify(draft))
    } catch {
      // A full storage keeps nothing more; what is on the page stays there.
    }
  }

  return {
    of,
    has: (conversationId) => of(conversationId).reply.trim() !== '',
    changed(conversationId) {
      clearTimeout(timers.get(conversationId))
      timers.set(
        conversationId,
        setTimeout(() => {
          keep(conversationId)
        }, pauseMs),
      )
    },
    done(conversationId, tab) {
      const draft = of(conversationId)
      draft[tab] = ''
      draft.id = newId()
      keep(conversationId)
    },
    flush() {
      for (const conversationId of [...timers.keys()]) keep(conversationId)
    },
    storageChanged(name) {
      const match = /^kefu\.desk\.draft\.(\d+)$/.exec(name ?? '')
      const conversationId = Number(match?.[1])
      if (!match || !drafts.has(conversationId) || timers.has(conversationId)) return
      const other = read(storage.getItem(key(conversationId))) ?? { id: newId(), reply: '', note: '' }
      Object.assign(of(conversationId), other)
    },
  }
}

/** The name of one submit: the same draft with the same content is the same submit. */
export function submitId(draftId: string, content: string): string {
  let [high, low] = [0xdeadbeef, 0x41c6ce57]
  for (let i = 0; i < content.length; i++) {
    const code = content.charCodeAt(i)
    high = Math.imul(high ^ code, 2654435761)
    low = Math.imul(low ^ code, 1597334677)
  }
  return `${draftId}-${(high >>> 0).toString(36)}${(low >>> 0).toString(36)}`
}

function read(text: string | null): Draft | null {
  if (text === null) return null
  try {
    const kept: unknown = JSON.parse(text)
    if (typeof kept !== 'object' || kept === null) return null
    const { id, reply, note } = kept as Record<string, unknown>
    if (typeof id !== 'string' || typeof reply !== 'string' || typeof note !== 'string') return null
    return { id, reply, note }
  } catch {
    return null
  }
}
