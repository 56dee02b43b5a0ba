import type { PhoneContent } from '../../../src/emulator/protocol.js'
import type { Translate } from '../locales/i18n.js'
import { headlineOf } from '../../../src/wechat/messages/content.js'
import { knownType } from '../../../src/wechat/messages/index.js'
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
    case 'other':
      return `[${content.type}]`
    default: {
      const { words } = knownType(content.msgType)
      return `${t(words.phoneGlance)} ${headlineOf(content.msgType, content) ?? ''}`.trimEnd()
    }
  }
}
