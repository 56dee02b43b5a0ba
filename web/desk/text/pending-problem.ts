import type { I18n } from '../locales/i18n.js'
import type { Pending } from '../state/threads.js'
import { problemWords } from './problem-words.js'

/** Why the service did not take a message, in the words that the desk has for it everywhere. */
export function pendingProblem({ problem }: Pick<Pending, 'problem'>, i18n: I18n): string {
  const t = i18n.t.value
  if (problem === null || problem.code === 'unreachable') return t('sent.notHanded')
  const words = problemWords(problem, i18n)
  // These say by themselves that nothing was sent.
  return ['allowance', 'not_yours'].includes(problem.code) ? words : t('sent.refused', { reason: words })
}
