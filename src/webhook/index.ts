export type { Inbox } from './inbox.js'
export { MemoryInbox, type MemoryInboxOptions } from './memory-inbox.js'
export { withoutSlash, type AppLookup } from './recipient.js'
export {
  pushReceiver,
  type PushReceiver,
  type PushReply,
  type PushRequest,
  type RefusedRequest,
  type WebhookOptions,
} from './receiver.js'
export { looksLikePush, StrayPushes } from './route-hints.js'
export { webhook } from './webhook.js'
