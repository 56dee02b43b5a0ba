import type { Words } from './message-type.js'

/**
 * Events that WeChat's pages name for the push URL, in WeChat's word and in words for people. Sources:
 * /miniprogram/dev/framework/open-ability/subscribe-message and the pages of the services that send them.
 */
export const eventNames = {
  user_enter_tempsession: { zh: '客户进入会话', en: 'the customer enters the conversation' },
  subscribe_msg_popup_event: {
    zh: '客户在订阅弹窗里作了选择',
    en: 'the customer chose in a subscription dialog',
  },
  subscribe_msg_change_event: { zh: '客户修改了订阅', en: 'the customer changed their subscriptions' },
  subscribe_msg_sent_event: { zh: '订阅消息的发送结果', en: 'a subscription message was sent' },
  user_info_modified: { zh: '客户资料变更', en: 'the customer’s profile changed' },
  user_authorization_revoke: { zh: '客户撤回授权', en: 'the customer took their consent back' },
  user_authorization_cancellation: { zh: '客户注销账号', en: 'the customer closed their account' },
  wxa_media_check: { zh: '内容安全检测结果', en: 'the result of a content check' },
  wxa_punish_event: { zh: '小程序违规处罚', en: 'the Mini Program was punished' },
  add_express_path: { zh: '物流轨迹更新', en: 'news of a parcel' },
  debug_demo: { zh: '调试事件', en: 'a test event' },
} as const satisfies Record<string, Words>

export type EventName = keyof typeof eventNames

/** Whether WeChat's pages name an event; some name families of them. */
export function isKnownEvent(name: string): boolean {
  return Object.hasOwn(eventNames, name) || /^(trade_manage_\w+|xpay_\w+_notify)$/.test(name)
}
