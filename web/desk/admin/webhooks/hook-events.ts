import type { HookEventName } from '../../../../src/hooks/event.js'

type Chosen = Exclude<HookEventName, 'webhook.test'>

// An object, so that none is forgotten when there is one more.
const all = {
  'message.received': true,
  'message.sent': true,
  'message.failed': true,
  'message.unknown': true,
  'contact.entered': true,
  'conversation.handoff': true,
  'conversation.assigned': true,
  'conversation.abandoned': true,
  'conversation.released': true,
  'conversation.closed': true,
  'conversation.reopened': true,
  'conversation.transferred': true,
} satisfies Record<Chosen, true>

/** What an address may be told of. */
export const hookEvents = Object.keys(all) as Chosen[]
