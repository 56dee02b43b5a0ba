export type { Accepted, Inbox } from './inbox.js'
export { MemoryInbox, type MemoryInboxOptions } from './memory-inbox.js'
export { webhook, type AppLookup, type WebhookOptions } from './webhook.js'
