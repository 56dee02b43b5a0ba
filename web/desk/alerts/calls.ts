import type { ConversationView, MessageView } from '../api/views.js'

/** A conversation that calls an agent: a customer who waits for anybody, or one whom a colleague handed over. */
export interface Call {
  id: number
  why: 'waiting' | 'handed'
  /** Which wait, or which handing over: another one calls anew. */
  since: number
}

/** Conversations that were handed over to the agent: in which epoch, and whether they were marked unread for it. */
export type Handed = ReadonlyMap<number, { epoch: number; isMarked: boolean }>

/** Whether a line says that somebody else, or a program, gave the conversation to the agent. */
export function isHandOver(message: MessageView | null, meId: number): boolean {
  if (message?.line !== 'assign' && message?.line !== 'take') return false
  return message.to === meId && message.agentId !== meId
}

/**
 * All that calls now. What waits calls until somebody has it, whoever looks; what was handed over until its new agent
 * has looked, here (`seen`: conversation → epoch) or anywhere else, which takes its unread mark away.
 */
export function callsOf(
  views: Iterable<ConversationView>,
  { meId, handed, seen }: { meId: number; handed: Handed; seen: ReadonlyMap<number, number> },
): Call[] {
  const calls: Call[] = []
  for (const view of views) {
    const { id, epoch, status, waitingSince, unread } = view
    const over = handed.get(id)
    if (status === 'waiting') calls.push({ id, why: 'waiting', since: waitingSince ?? 0 })
    else if (
      isMine(view, meId) &&
      seen.get(id) !== epoch &&
      over?.epoch === epoch &&
      (unread > 0 || !over.isMarked)
    )
      calls.push({ id, why: 'handed', since: epoch })
  }
  return calls
}

function isMine({ status, agent }: ConversationView, meId: number): boolean {
  return status === 'assigned' && agent?.id === meId
}

export const keyOf = ({ id, why, since }: Call): string => `${id} ${why} ${since}`

/** Says when to sound: at once for what calls anew, and again for as long as anything calls. */
export interface Ringer {
  /**
   * Whether to sound now, and when to ask again, in milliseconds from now; null when nothing calls. `now` is of a
   * clock that never goes back.
   */
  ask: (calls: readonly Call[], now: number) => { sounds: boolean; againInMs: number | null }
}

export function createRinger(repeatMs: number): Ringer {
  let known: ReadonlySet<string> = new Set()
  let soundedAt = -Infinity
  return {
    ask(calls, now) {
      const keys = new Set(calls.map(keyOf))
      const isNew = [...keys].some((key) => !known.has(key))
      known = keys
      if (keys.size === 0) return { sounds: false, againInMs: null }
      const sounds = isNew || now - soundedAt >= repeatMs
      if (sounds) soundedAt = now
      return { sounds, againInMs: soundedAt + repeatMs - now }
    },
  }
}

/** What an agent was handed over, as it outlives a reload: numbers alone, and whose they are. */
export function writeHanded(meId: number, handed: Handed): string {
  return JSON.stringify({
    agent: meId,
    handed: [...handed].map(([id, { epoch, isMarked }]) => [id, epoch, isMarked]),
  })
}

/** Reads it; nothing of another agent’s, and nothing of what is in another form. */
export function readHanded(meId: number, text: string | null): Handed {
  const read = new Map<number, { epoch: number; isMarked: boolean }>()
  try {
    const kept: unknown = JSON.parse(text ?? 'null')
    if (typeof kept !== 'object' || kept === null || !('agent' in kept) || kept.agent !== meId) return read
    if (!('handed' in kept) || !Array.isArray(kept.handed)) return read
    for (const one of kept.handed as unknown[]) {
      const [id, epoch, isMarked] = Array.isArray(one) ? (one as unknown[]) : []
      if (typeof id === 'number' && typeof epoch === 'number' && typeof isMarked === 'boolean')
        read.set(id, { epoch, isMarked })
    }
  } catch {
    // Written by another version.
  }
  return read
}
