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
    case 'not_possible':
      return t.value('problem.notPossible')
    case 'not_found':
      return t.value('problem.notFound')
    case 'forbidden':
      return t.value('problem.forbidden')
    case 'too_many':
      return t.value('problem.tooMany')
    case 'too_large':
      return t.value('problem.tooLarge')
    case 'unavailable':
      return t.value('problem.unavailable')
    default:
      return error.message === '' ? t.value('problem.other', { code: error.code }) : error.message
  }
}
