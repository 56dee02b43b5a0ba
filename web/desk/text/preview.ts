import type { ConversationView, MessageView } from '../api/views.js'
import type { Translate } from '../locales/i18n.js'
import { parseRichText } from '../../both/rich-text.js'
import { systemWords } from './system-line.js'
import { parseAuthor } from '../../../src/protocol/author.js'

/** Who says a message: the customer, oneself, a colleague, the bot, a program. */
export type Speaker = 'contact' | 'me' | 'colleague' | 'bot' | 'api' | 'system'

export function speakerOf(message: Pick<MessageView, 'author' | 'direction'>, meId: number): Speaker {
  if (message.direction === 'system') return 'system'
  const author = parseAuthor(message.author)
  switch (author.kind) {
    case 'agent':
      return author.id === meId ? 'me' : 'colleague'
    case 'rule':
      return 'bot'
    default:
      return author.kind
  }
}

/** A message's content in one line. */
export function glance(message: MessageView, t: Translate): string {
  switch (message.msgType) {
    case 'text': {
      const text = message.content ?? ''
      const shown =
        message.direction === 'outgoing'
          ? parseRichText(text)
              .map((part) => part.text)
              .join('')
          : text
      return shown.replace(/\s+/g, ' ')
    }
    case 'image':
      return t('glance.image')
    case 'miniprogrampage':
      return `${t('glance.card')} ${message.title ?? ''}`
    case 'link':
      return `${t('glance.link')} ${message.title ?? ''}`
    case 'system':
      return systemWords(message, t)
    default:
      if (message.type === 'unreadable') return t('glance.unreadable')
      return t('glance.other', { type: message.type ?? message.msgType })
  }
}

/** The second line of a row: who, and what. */
export function previewOf(view: ConversationView, meId: number, t: Translate): string {
  const message = view.lastMessage
  if (message === null) return t('preview.none')
  const text = glance(message, t)
  if (message.direction === 'note') return `${t('glance.note')} ${text}`
  switch (speakerOf(message, meId)) {
    case 'contact':
    case 'system':
      return text
    case 'me':
      return `${t('speaker.me')}: ${text}`
    case 'bot':
      return `${t('speaker.bot')}: ${text}`
    case 'api':
      return `${t('speaker.api')}: ${text}`
    case 'colleague':
      return `${message.authorName ?? t('speaker.colleague')}: ${text}`
  }
}
