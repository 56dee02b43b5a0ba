import { MAX_PROGRAM_SUM } from '../rules/expression-check.js'
import type { RuleBook } from '../rules/rule-book.js'
import type { Finding } from './finding.js'

/** Whether the rules that were saved can work, and can be saved again as they are. */
export function checkRuleSet({ isBroken, programSum }: Pick<RuleBook, 'isBroken' | 'programSum'>): Finding[] {
  if (isBroken)
    return [
      {
        check: 'rules',
        level: 'fail',
        found: {
          zh: '数据库里的规则无法使用，现在没有按它们回复。',
          en: 'The rules in the database can’t work, and nothing is answered by them.',
        },
        todo: {
          zh: '日志里写明了原因；改好后重新导入：kefu rules import 文件。',
          en: 'The log says why; mend them and import them again: kefu rules import FILE.',
        },
      },
    ]
  if (programSum <= MAX_PROGRAM_SUM) return []
  return [
    {
      check: 'rules-cost',
      level: 'warn',
      found: {
        zh: `规则的表达式合计 ${programSum} 步，超过现在允许的 ${MAX_PROGRAM_SUM} 步：照常运行，但改小之前不能再次保存。`,
        en: `The rules’ expressions have ${programSum} steps together, more than the ${MAX_PROGRAM_SUM} that may be saved now: they go on, and must get fewer before they are saved again.`,
      },
      todo: {
        zh: '减少重复次数（如 {480}），或把固定的词写进「包含」。',
        en: 'Repeat fewer times, such as {480}, or list plain words under "contains".',
      },
    },
  ]
}
