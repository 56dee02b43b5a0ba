import type { ConversationView, MessageView } from '../api/views.js'
import type { Translate } from '../locales/i18n.js'
import { parseRichText } from '../../both/rich-text.js'
import { systemWords } from './system-line.js'
import { parseAuthor } from '../../../src/protocol/author.js'
import { headlineOf } from '../../../src/wechat/messages/content.js'
import { messageTypeOf } from '../../../src/wechat/messages/index.js'

/** Who says a message: the customer, oneself, a colleague, the bot, a program. */
export type Speaker = 'contact' | 'me' | 'colleague' | 'bot' | 'api' | 'system'

export function speakerOf(message: Pick<MessageView, 'author' | 'direction'>, meId: number): Speaker {
  if (message.direction === 'system') return 'system'
  const author = parseAuthor(message.author)
  switch (author.kind) {
    case 'agent':
      return author.id === meId ? 'me' : 'colleague'
    case 'rule':
    case 'assistant':
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
    case 'system':
      return systemWords(message, t)
    default:
      if (message.type === 'unreadable') return t('glance.unreadable')
      return glanceOfType(message, t) ?? t('glance.other', { type: message.type ?? message.msgType })
  }
}

/** A message of a known type in one line: `[Link] its title`. Undefined where kefu does not know its type. */
function glanceOfType(message: MessageView, t: Translate): string | undefined {
  const type = messageTypeOf(message.msgType)
  if (!type) return undefined
  const headline = headlineOf(type.msgType, message) ?? ''
  return `${t(type.words.glance)} ${headline}`.trimEnd()
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
