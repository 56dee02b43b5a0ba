/** The events of webhooks, with their meaning: the table of docs/webhooks.md. */
export const hookEvents = {
  'message.received': 'a customer wrote',
  'message.sent': 'WeChat accepted a message of the bot, a person or a program',
  'message.failed': 'WeChat refused a message for good',
  'message.unknown': 'nobody knows whether WeChat has the message: a person must look',
  'contact.entered': 'a customer opened customer service from a page of the Mini Program',
  'conversation.handoff': 'the bot gave the conversation to people',
  'conversation.assigned': 'a person took it, was given it, or undid a close or release',
  'conversation.abandoned': 'its person is gone or idle: it waits again',
  'conversation.released': 'a person gave it back to the bot',
  'conversation.closed': 'a person or program closed it',
  'conversation.reopened': 'a person or program opened it again',
  'conversation.transferred': 'it was given to WeChat’s own customer service tool',
} as const

export type HookEventName = keyof typeof hookEvents | 'webhook.test'

/** A message as far as it tells what happened. */
export interface Occurrence {
  readonly id: number
  readonly direction: 'incoming' | 'outgoing' | 'note' | 'system'
  readonly state: string | null
  readonly attempts: number
  /** The kind of a system line. */
  readonly line?: string
}

/**
 * Returns the event of a message of the feed, and the key under which it goes out once: a message comes by in the
 * feed with each of its changes. Undefined when it tells nothing (a note, a message that is still on its way).
 */
export function eventOf(message: Occurrence): { event: HookEventName; onceKey: string } | undefined {
  const event = nameOf(message)
  if (event === undefined) return undefined
  // A message that was sent again by a person may fail again.
  const nth = event === 'message.failed' || event === 'message.unknown' ? `:${message.attempts}` : ''
  return { event, onceKey: `${event}:${message.id}${nth}` }
}

function nameOf({ direction, state, line }: Occurrence): HookEventName | undefined {
  switch (direction) {
    case 'incoming':
      return 'message.received'
    case 'outgoing':
      return state === null ? undefined : outcomes.get(state)
    case 'system':
      return line === undefined ? undefined : lines.get(line)
    case 'note':
      return undefined
  }
}

const outcomes: ReadonlyMap<string, HookEventName> = new Map([
  ['accepted', 'message.sent'],
  ['failed', 'message.failed'],
  ['unknown', 'message.unknown'],
])

const lines: ReadonlyMap<string, HookEventName> = new Map([
  ['entered', 'contact.entered'],
  ['handoff', 'conversation.handoff'],
  ['take', 'conversation.assigned'],
  ['assign', 'conversation.assigned'],
  ['undo', 'conversation.assigned'],
  ['abandon', 'conversation.abandoned'],
  ['release', 'conversation.released'],
  ['close', 'conversation.closed'],
  ['reopen', 'conversation.reopened'],
  ['transferred', 'conversation.transferred'],
])
