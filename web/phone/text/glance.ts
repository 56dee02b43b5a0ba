import type { PhoneContent } from '../../../src/emulator/protocol.js'
import type { Translate } from '../locales/i18n.js'
import { parseRichText } from '../../both/rich-text.js'

/** A message in one line, as a notification has it. */
export function glance(content: PhoneContent, t: Translate): string {
  switch (content.msgType) {
    case 'text':
      return parseRichText(content.content)
        .map((segment) => segment.text)
        .join('')
    case 'system':
      return content.content
    case 'image':
      return t('glance.image')
    case 'link':
      return `${t('glance.link')} ${content.title}`
    case 'miniprogrampage':
      return `${t('glance.card')} ${content.title}`
    case 'other':
      return `[${content.type}]`
  }
}
