import type { Status } from './conversation-context.js'

/** Who has a conversation. */
export interface Ownership {
  readonly status: Status
  /** Only while `assigned`. */
  readonly agentId: number | null
  /** Raised by each change of owner; what was started under an older one is void. */
  readonly epoch: number
}

export type OwnershipChange =
  /** The customer wrote. */
  | { readonly type: 'message' }
  /** The bot gives it to people, or nothing answered. */
  | { readonly type: 'handoff' }
  /** A person takes it, also from the bot or a colleague. */
  | { readonly type: 'take'; readonly agentId: number }
  /** A person gives it back to the bot. */
  | { readonly type: 'release' }
  /** A person gives it to another. */
  | { readonly type: 'assign'; readonly agentId: number }
  /** Its agent is gone or idle for too long. */
  | { readonly type: 'abandon' }
  | { readonly type: 'close' }
  /** Who closed it or gave it back takes that back. */
  | { readonly type: 'undo'; readonly agentId: number }
  | { readonly type: 'reopen' }

/** The ownership after a change: the same object when nothing changes, undefined when the change can't be made. */
export function changeOwnership(now: Ownership, change: OwnershipChange): Ownership | undefined {
  switch (change.type) {
    case 'message':
      return now.status === 'closed' ? to(now, 'bot') : now
    case 'handoff':
      return now.status === 'bot' || now.status === 'closed' ? to(now, 'waiting') : now
    case 'take':
    case 'assign':
      if (now.status === 'assigned' && now.agentId === change.agentId) return now
      return to(now, 'assigned', change.agentId)
    case 'undo':
      return now.status === 'assigned' ? undefined : to(now, 'assigned', change.agentId)
    case 'release':
      if (now.status === 'bot') return now
      return now.status === 'closed' ? undefined : to(now, 'bot')
    case 'abandon':
      return now.status === 'assigned' ? to(now, 'waiting') : now
    case 'close':
      return now.status === 'closed' ? now : to(now, 'closed')
    case 'reopen':
      return now.status === 'closed' ? to(now, 'waiting') : now
  }
}

/** Whether the bot answers what the customer says. */
export function botAnswers(status: Status): boolean {
  return status === 'bot' || status === 'closed'
}

function to(now: Ownership, status: Status, agentId: number | null = null): Ownership {
  return { status, agentId, epoch: now.epoch + 1 }
}
