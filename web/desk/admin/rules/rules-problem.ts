import type { DeskError } from '../../api/client.js'
import { problemWords } from '../../text/problem-words.js'
import type { AdminTexts } from '../admin-texts.js'
import { issuesOf, issueLine, placedWords } from './rule-issue-words.js'

/** What the service says against a set of rules, in words, by the rule that it is about. */
export interface RuleProblems {
  /** By the rule's place. */
  byRule: Map<number, string[]>
  others: string[]
}

/** Places the issues of a refusal beside their rules, and puts them into words. */
export function ruleProblems(error: DeskError, texts: AdminTexts): RuleProblems {
  const t = texts.t.value
  const byRule = new Map<number, string[]>()
  const found = issuesOf(error.detail)
  if (!found) return { byRule, others: [problemWords(error, texts)] }
  const others: string[] = []
  for (const issue of found.issues) {
    const [list, index, ...place] = issue.at
    if (list === 'rules' && typeof index === 'number')
      byRule.set(index, [...(byRule.get(index) ?? []), placedWords(issue, place, t)])
    else others.push(placedWords(issue, [], t))
  }
  if (found.more > 0) others.push(t('rules.issue.more', { count: found.more }))
  return { byRule, others }
}

/** What the service says against a set of rules, a line for each, where rules stand on no list. */
export function ruleProblemText(error: DeskError, texts: AdminTexts): string {
  const found = issuesOf(error.detail)
  if (!found) return problemWords(error, texts)
  return found.issues.map((issue) => issueLine(issue, texts.t.value)).join('\n')
}
