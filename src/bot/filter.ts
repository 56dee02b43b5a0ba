import type {
  EnterEvent,
  ImageMessage,
  Incoming,
  IncomingEvent,
  IncomingMessage,
  MiniProgramPageMessage,
  OtherEvent,
  TextMessage,
} from '../wechat/index.js'

/** The messages of a Mini Program, by WeChat's MsgType. */
interface Messages {
  text: TextMessage
  image: ImageMessage
  miniprogrampage: MiniProgramPageMessage
}

/**
 * The other events that WeChat's pages name for the same URL; for any other, `on('event', …)` and look at
 * `ctx.event.type`. Sources: /miniprogram/dev/framework/open-ability/subscribe-message and the pages of the
 * services that send them.
 */
type OtherEventName =
  | 'debug_demo'
  | 'wxa_media_check'
  | 'subscribe_msg_popup_event'
  | 'subscribe_msg_change_event'
  | 'subscribe_msg_sent_event'
  | 'user_info_modified'
  | 'user_authorization_revoke'
  | 'wxa_punish_event'
  | 'add_express_path'
  | `trade_manage_${string}`
  | `xpay_${string}_notify`

/** What `bot.on` takes: `message`, `event`, or one of them with WeChat's own word behind a colon. */
export type FilterQuery =
  | 'message'
  | `message:${keyof Messages}`
  | 'event'
  | 'event:user_enter_tempsession'
  | `event:${OtherEventName}`

/** What a context holds once a query has matched. */
export type Filtered<Q extends FilterQuery> = Q extends 'message'
  ? { readonly message: IncomingMessage; readonly event: undefined }
  : Q extends `message:${infer T extends keyof Messages}`
    ? OfMessage<T>
    : Q extends 'event'
      ? OfEvent<IncomingEvent>
      : Q extends 'event:user_enter_tempsession'
        ? OfEvent<EnterEvent>
        : Q extends `event:${infer T}`
          ? OfEvent<OtherEvent & { readonly type: T }>
          : never

interface OfMessage<T extends keyof Messages> {
  readonly message: Messages[T]
  readonly event: undefined
  readonly text: T extends 'text' ? string : undefined
}

interface OfEvent<E extends IncomingEvent> {
  readonly message: undefined
  readonly event: E
  readonly text: undefined
}

const messageTypes: Readonly<Record<keyof Messages, true>> = {
  text: true,
  image: true,
  miniprogrampage: true,
}

/** Throws TypeError for what no push can match: JavaScript has no compiler to say so. Any event's name may be one. */
export function checkQuery(query: string): void {
  const [, kind, word] = /^(message|event)(?::(.+))?$/.exec(query) ?? []
  if (kind !== undefined && (kind === 'event' || word === undefined || Object.hasOwn(messageTypes, word)))
    return
  throw new TypeError(
    `on() does not know ${JSON.stringify(query)}. It takes message, ` +
      `${Object.keys(messageTypes)
        .map((type) => `message:${type}`)
        .join(', ')}, event, and event: with the event’s name.`,
  )
}

/** Tells whether a push is what a query asks for. */
export function filterOf(query: FilterQuery): (payload: Incoming) => boolean {
  const [kind, word] = query.split(':')
  const isEvent = kind === 'event'
  return (payload) =>
    isEvent === (payload.msgType === 'event') && (word === undefined || word === wordOf(payload))
}

/** WeChat's own word for a push: its MsgType, or its Event. */
export function wordOf(payload: Incoming): string {
  if (payload.msgType === 'event') return payload.event === 'other' ? payload.type : payload.event
  return payload.msgType === 'other' ? payload.type : payload.msgType
}
