import type { ConversationView } from '../api/views.js'
import type { Translate } from '../locales/i18n.js'

/** What a customer is called: the remark, the name the Mini Program passed, or 「访客」 with the OpenID's end. */
export function contactName(view: Pick<ConversationView, 'contact' | 'openId'>, t: Translate): string {
  const { remark, name } = view.contact
  return remark?.trim() || name?.trim() || t('contact.visitor', { end: view.openId.slice(-4) })
}

/** `oENu…poec`: enough to be recognised, not enough to be used. */
export function maskedOpenId(openId: string): string {
  return openId.length <= 10 ? openId : `${openId.slice(0, 4)}…${openId.slice(-4)}`
}
