import type { MessageView } from '../api/views.js'
import type { Translate } from '../locales/i18n.js'
import { speakerOf } from './preview.js'
import type { Times } from './time.js'

/** 「客户发送的图片，14:05」. */
export function pictureLabel(
  message: MessageView,
  { meId, t, times }: { meId: number; t: Translate; times: Times },
): string {
  const speaker = speakerOf(message, meId)
  const name =
    speaker === 'colleague' ? (message.authorName ?? t('speaker.colleague')) : t(`speaker.${speaker}`)
  return t('picture.label', { sender: name, time: times.clock(message.createdAt) })
}
