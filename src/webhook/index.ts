export type { Accepted, Inbox } from './inbox.js'
export { MemoryInbox, type MemoryInboxOptions } from './memory-inbox.js'
export type { AppLookup } from './recipient.js'
export { webhook, type RefusedRequest, type WebhookOptions } from './webhook.js'
