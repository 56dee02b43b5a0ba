import { asUnreadable, type Push } from '../../wechat/index.js'
import type { Customer } from '../customer-key.js'

/** Whose session a push belongs to; of one that can't be read, whom only WeChat can have named. Its openId is empty where it concerns nobody. */
export function customerOf({ appId, openId, businessId, unreadable }: Push): Customer {
  return { appId, openId: unreadable?.fromUserName ?? openId, businessId }
}

/** Events of other services come to the same URL; they are kept and make no conversation. */
export function concernsCustomer(push: Push): boolean {
  const { payload } = push
  return (
    customerOf(push).openId !== '' &&
    (payload.msgType !== 'event' || payload.event === 'user_enter_tempsession')
  )
}

/**
 * The push itself, or, where what it names as its customer is no OpenID, one that can't be read: nobody could be
 * found by that name, nor answered.
 */
export function withCustomer(push: Push): Push {
  const { openId, unreadable } = push
  return unreadable || openId === '' || plausibleOpenId.test(openId)
    ? push
    : asUnreadable(push, 'The push’s FromUserName is no OpenID.')
}

/** An OpenID is 28 letters, digits, `_` and `-`; other names of one word, such as tests have, are taken too. */
const plausibleOpenId = /^[^\s\p{C}#]{1,128}$/u
