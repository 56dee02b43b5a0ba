/**
 * An outgoing message's way to WeChat. `accepted`, `failed` and `cancelled` are ends; `unknown` waits for a
 * person: WeChat may have it.
 */
export type MessageState = 'queued' | 'sending' | 'accepted' | 'unknown' | 'failed' | 'cancelled'

/** What can happen to an outgoing message. */
export type MessageStep =
  /** It is about to leave. */
  | 'leave'
  /** WeChat accepted it, or a person found that it has. */
  | 'accept'
  /** Nobody knows whether WeChat has it: no answer, or whoever was sending is gone. */
  | 'lose'
  /** WeChat refused it for good, or a person found that it has not arrived. */
  | 'fail'
  /** WeChat certainly did not accept it, and it may be tried again later. */
  | 'return'
  /** Its time, or its sender's turn, is over before it left. */
  | 'cancel'
  /** A person wants it sent once more. */
  | 'retry'

const steps: Readonly<Record<MessageState, Partial<Record<MessageStep, MessageState>>>> = {
  queued: { leave: 'sending', cancel: 'cancelled', fail: 'failed' },
  sending: { accept: 'accepted', lose: 'unknown', fail: 'failed', return: 'queued' },
  unknown: { accept: 'accepted', fail: 'failed' },
  failed: { retry: 'queued' },
  accepted: {},
  cancelled: { retry: 'queued' },
}

/** The state after a step; undefined when the step can't be taken from there. */
export function nextMessageState(state: MessageState, step: MessageStep): MessageState | undefined {
  return steps[state][step]
}
