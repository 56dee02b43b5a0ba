import type { ConversationView } from '../api/views.js'
import type { I18n } from '../locales/i18n.js'
import type { Why } from './alerts.js'

/** Notifications of the browser, where the agent allowed them; a press on one opens the conversation. */
export function createNotify(
  { t }: I18n,
  select: (conversationId: number) => void,
): (view: ConversationView, why: Why) => void {
  return (view, why) => {
    if (!('Notification' in globalThis) || Notification.permission !== 'granted') return
    // Without what was said: a notification is seen by whoever stands by.
    const shown = new Notification(t.value(`notify.${why}`), { tag: `kefu-${view.id}`, silent: true })
    shown.onclick = () => {
      window.focus()
      select(view.id)
      shown.close()
    }
  }
}
