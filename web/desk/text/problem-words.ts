import type { DeskError } from '../api/client.js'
import type { I18n } from '../locales/i18n.js'

/** What the service said against it, in words: its own sentence where the page has none. */
export function problemWords(error: DeskError, { t }: I18n): string {
  if (error.code === 'unreachable') return t.value('problem.unreachable')
  switch (error.code) {
    case 'allowance':
      return t.value('problem.allowance')
    case 'not_yours':
      return t.value('problem.notYours')
    case 'too_many':
    case 'rate_limited':
      return t.value('problem.tooMany')
    default:
      return error.message === '' ? t.value('problem.other', { code: error.code }) : error.message
  }
}
