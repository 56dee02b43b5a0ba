import type { MessageView } from '../api/views.js'
import type { Translate } from '../locales/i18n.js'
import { speakerOf } from './preview.js'
import { parseAuthor } from '../../../src/protocol/author.js'

/** Who says a message, by name; `customer` is what the customer is called. */
export function senderName(
  message: MessageView,
  { meId, customer, t }: { meId: number; customer: string; t: Translate },
): string {
  const speaker = speakerOf(message, meId)
  switch (speaker) {
    case 'contact':
      return customer
    case 'colleague':
      return message.authorName ?? t('speaker.colleague')
    case 'bot': {
      const author = parseAuthor(message.author)
      if (author.kind === 'assistant') return t('speaker.assistant', { assistant: author.name })
      return author.kind === 'rule' ? t('speaker.rule', { rule: author.name }) : t('speaker.bot')
    }
    default:
      return t(`speaker.${speaker}`)
  }
}
