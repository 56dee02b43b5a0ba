import type { I18n, MessageKey } from '../locales/i18n.js'
import type { Pending } from '../conversations/composer/machine/pending.js'
import { problemWords } from './problem-words.js'

/** Why the service did not take a message, in the words that the desk has for it everywhere. */
export function pendingProblem(
  { problem, isUnsure }: Pick<Pending, 'problem' | 'isUnsure'>,
  i18n: I18n,
): string {
  const t = i18n.t.value
  // Nobody said what became of it: nothing else is as true, and as much to the point.
  if (isUnsure && problem?.code !== 'older') return t('sent.unsure')
  if (problem === null || problem.code === 'unreachable') return t('sent.notHanded')
  const own = ownWords[problem.code]
  if (own !== undefined) return t(own)
  const words = problemWords(problem, i18n)
  // These say by themselves that nothing was sent.
  return ['allowance', 'not_yours'].includes(problem.code) ? words : t('sent.refused', { reason: words })
}

const ownWords: Readonly<Partial<Record<string, MessageKey>>> = {
  unauthorized: 'sent.signedOut',
  older: 'sent.older',
  unreadable: 'sent.unreadable',
  pictureLost: 'sent.pictureLost',
  unseen: 'sent.unseen',
}
