import type { EventName } from '../wechat/messages/event-names.js'
import {
  incomingTypes,
  type EnterEvent,
  type Incoming,
  type IncomingEvent,
  type IncomingMessage,
  type IncomingOf,
  type IncomingType,
  type OtherEvent,
} from '../wechat/index.js'

/** The other events that WeChat's pages name; for any other, `on('event', …)` and look at `ctx.event.type`. */
type OtherEventName =
  Exclude<EventName, 'user_enter_tempsession'> | `trade_manage_${string}` | `xpay_${string}_notify`

/** The queries of `bot.on`: `message`, `event`, or one of them with WeChat's own word behind a colon. */
export type FilterQuery =
  'message' | `message:${IncomingType}` | 'event' | 'event:user_enter_tempsession' | `event:${OtherEventName}`

/** The members of a context once a query has matched. */
export type Filtered<Q extends FilterQuery> = Q extends 'message'
  ? { readonly message: IncomingMessage; readonly event: undefined }
  : Q extends `message:${infer T extends IncomingType}`
    ? OfMessage<T>
    : Q extends 'event'
      ? OfEvent<IncomingEvent>
      : Q extends 'event:user_enter_tempsession'
        ? OfEvent<EnterEvent>
        : Q extends `event:${infer T}`
          ? OfEvent<OtherEvent & { readonly type: T }>
          : never

interface OfMessage<T extends IncomingType> {
  readonly message: IncomingOf<T>
  readonly event: undefined
  readonly text: T extends 'text' ? string : undefined
}

interface OfEvent<E extends IncomingEvent> {
  readonly message: undefined
  readonly event: E
  readonly text: undefined
}

/** Throws TypeError for what no push can match: JavaScript has no compiler to say so. Any event's name may be one. */
export function checkQuery(query: string): void {
  const [, kind, word] = /^(message|event)(?::(.+))?$/.exec(query) ?? []
  if (
    kind !== undefined &&
    (kind === 'event' || word === undefined || incomingTypes.some((type) => type === word))
  )
    return
  throw new TypeError(
    `on() does not know ${JSON.stringify(query)}. It takes message, ` +
      `${incomingTypes
        .map((type) => `message:${type}`)
        .join(', ')}, event, and event: with the event’s name.`,
  )
}

/** Tells whether a push is what a query asks for. */
export function filterOf(query: FilterQuery): (payload: Incoming) => boolean {
  const [kind, word] = query.split(':')
  const isEvent = kind === 'event'
  const asked = word?.toLowerCase()
  return (payload) =>
    isEvent === (payload.msgType === 'event') &&
    (asked === undefined || asked === wordOf(payload).toLowerCase())
}

/** WeChat's own word for a push: its MsgType, or its Event. */
export function wordOf(payload: Incoming): string {
  if (payload.msgType === 'event') return payload.event === 'other' ? payload.type : payload.event
  return payload.msgType === 'other' ? payload.type : payload.msgType
}
