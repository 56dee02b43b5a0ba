export { AddressGuard } from './address-guard.js'
export type { DeliveryOutcome } from './deliverer.js'
export { deliveryStates, type Delivery, type DeliveryState } from './deliveries.js'
export { type Endpoint, type EndpointChange } from './endpoints.js'
export { hookEvents, type HookEventName } from './event.js'
export {
  guardedConnector,
  GuardedRequests,
  NoAnswerError,
  type GuardedAnswer,
  type GuardedRequest,
  type GuardedRequestsOptions,
} from './guarded-request.js'
export { checkHookUrl } from './hook-url.js'
export { Hooks, type HooksOptions } from './hooks.js'
export { makeSecret, signedHeaders } from './signature.js'
