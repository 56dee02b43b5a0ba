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
    ? { readonly message: Messages[T]; readonly event: undefined }
    : Q extends 'event'
      ? { readonly message: undefined; readonly event: IncomingEvent }
      : Q extends 'event:user_enter_tempsession'
        ? { readonly message: undefined; readonly event: EnterEvent }
        : Q extends `event:${infer T}`
          ? { readonly message: undefined; readonly event: OtherEvent & { readonly type: T } }
          : never

/** Whether a push is what a query asks for. */
export function matches(query: FilterQuery, payload: Incoming): boolean {
  const [kind, word] = query.split(':')
  if ((kind === 'event') !== (payload.msgType === 'event')) return false
  return word === undefined || word === wordOf(payload)
}

/** WeChat's own word for a push: its MsgType, or its Event. */
export function wordOf(payload: Incoming): string {
  if (payload.msgType === 'event') return payload.event === 'other' ? payload.type : payload.event
  return payload.msgType === 'other' ? payload.type : payload.msgType
}
