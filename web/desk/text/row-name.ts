import type { ConversationView } from '../api/views.js'
import type { Translate } from '../locales/i18n.js'
import { contactName } from './contact-name.js'
import { previewOf } from './preview.js'
import { spanWords } from './time.js'
import { windowLook } from './window-look.js'
import type { Language } from '../../both/i18n.js'

export interface RowFacts {
  meId: number
  now: number
  t: Translate
  language: Language
  /** Whether a colleague handed it over and it was not looked at. */
  isHanded?: boolean
}

/** Who has a conversation, in words. */
export function ownerWords(view: ConversationView, meId: number, t: Translate): string {
  switch (view.status) {
    case 'bot':
      return t('owner.bot')
    case 'waiting':
      return t('owner.waiting')
    case 'closed':
      return t('owner.closed')
    case 'assigned':
      return view.agent?.id === meId ? t('owner.me') : (view.agent?.name ?? t('speaker.colleague'))
  }
}

/** A row for who hears it: 「张三，未读 3 条，等待 6 分钟，还剩 2 小时，最后消息：…」. */
export function rowName(
  view: ConversationView,
  { meId, now, t, language, isHanded = false }: RowFacts,
): string {
  const look = windowLook(view.allowance, now)
  const parts = [contactName(view, t), ownerWords(view, meId, t)]
  if (view.turn) parts.push(t('chip.thinking'))
  if (isHanded) parts.push(t('chip.handed'))
  if (view.unread > 0) parts.push(t('row.unread', { count: view.unread }))
  if (view.waitingSince !== null)
    parts.push(t('row.waits', { count: Math.max(1, Math.floor((now - view.waitingSince) / 60_000)) }))
  if ('leftMs' in look && view.status !== 'closed')
    parts.push(t('row.left', { time: spanWords(look.leftMs, language) }))
  else if (look.kind === 'expired' && view.status !== 'closed') parts.push(t('chip.expired'))
  if (view.failed) parts.push(t('chip.failed'))
  parts.push(...view.contact.tags)
  parts.push(t('row.last', { text: previewOf(view, meId, t).slice(0, 120) }))
  return parts.join(t('row.comma'))
}
