import type { Translate } from '../locales/i18n.js'
import type { Pending } from '../state/threads.js'

/** Why the service did not take a message. */
export function pendingProblem({ problem, problemCode }: Pending, t: Translate): string {
  if (problemCode === 'unreachable' || problemCode === '') return t('sent.notHanded')
  if (problemCode === 'allowance') return t('problem.allowance')
  if (problemCode === 'not_yours') return t('problem.notYours')
  return t('sent.refused', { reason: problem === '' ? problemCode : problem })
}
