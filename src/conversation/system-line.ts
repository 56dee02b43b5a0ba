import type { ConversationState, NewMessage } from './unit-of-work.js'

/** A system line's content: what happened, for the desk to put into words. */
export type SystemLine =
  | { readonly line: 'handoff'; readonly reason: string }
  | { readonly line: 'transferred' }
  | { readonly line: 'entered'; readonly sessionFrom: string }

/** The content of the line that says that WeChat's own agent tool has the customer, as it is kept: it has an index. */
export const TRANSFERRED = JSON.stringify({ line: 'transferred' } satisfies SystemLine)

/** A line of the conversation that nobody wrote, but for its content. */
export function systemMessage(
  state: ConversationState,
): Omit<NewMessage, 'id' | 'answeredBy' | 'content' | 'direction'> & { readonly direction: 'system' } {
  return {
    conversationId: state.id,
    direction: 'system',
    author: 'system',
    msgType: 'system',
    state: null,
    onceKey: null,
    epoch: state.epoch,
    pushId: null,
  }
}
