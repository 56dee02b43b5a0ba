import { KefuError } from '../errors.js'
import type { ContactAndConversation } from './conversation-rows.js'
import type { OwnershipChange } from './ownership.js'
import type { ConversationState } from './unit-of-work.js'

export type CommandProblem = 'not_found' | 'not_yours' | 'not_possible' | 'business_conversation'

/** A person's command that can't be carried out as things stand; nothing was changed. */
export class CommandError extends KefuError {
  readonly code: CommandProblem

  constructor(code: CommandProblem, message: string) {
    super(message)
    this.code = code
  }
}

/** Who gives a command: an agent by id, or a program with an API key (null). */
export interface Actor {
  readonly agentId: number | null
  /** May change what a colleague has; so may a program. */
  readonly admin?: boolean
}

/**
 * Throws CommandError where the actor may not make the change. A plain agent may take a conversation that a colleague
 * has, which everybody sees. Its agent, an admin or a program may give it away or end it.
 */
export function mustBeAbleToChange(
  conversation: ConversationState,
  change: OwnershipChange,
  actor: Actor,
): void {
  const needsOwner = change.type === 'release' || change.type === 'assign' || change.type === 'close'
  if (!needsOwner || conversation.status !== 'assigned') return
  if (actor.agentId === null || actor.admin === true || conversation.agentId === actor.agentId) return
  throw new CommandError('not_yours', 'A colleague has the conversation: take it first.')
}

/**
 * Throws CommandError where the actor may not write in the conversation: its agent may, and a program where no agent has
 * it.
 */
export function mustBeYours(conversation: ConversationState, actor: Actor): void {
  const yours =
    actor.agentId === null ? conversation.status !== 'assigned' : conversation.agentId === actor.agentId
  if (!yours) throw new CommandError('not_yours', 'The conversation is not yours: take it before you reply.')
}

/** Throws CommandError for a sub-merchant's customer: without its number a reply would reach another session. */
export function mustBeAnswerable({ businessId }: ContactAndConversation['contact']): void {
  if (businessId !== null)
    throw new CommandError(
      'business_conversation',
      'The customer wrote to a sub-merchant (客服子商户), and kefu can’t reply in such a session yet. Reply in WeChat’s own tool.',
    )
}
