import type { Rule } from '../../../../src/rules/rule-set.js'
import type { DeskError } from '../../api/client.js'
import { problemWords } from '../../text/problem-words.js'
import type { AdminTexts } from '../admin-texts.js'
import { issuesOf, issueLine, issueWords, placedWords } from './rule-issue-words.js'

/** What the service says against a set of rules, in words, by the rule that it is about. */
export interface RuleProblems {
  /** By the rule's place. */
  byRule: Map<number, string[]>
  others: string[]
}

/** What the service says against one rule, in words, by the field of the form. */
export interface FormProblems {
  readonly name: string
  /** By the condition. */
  readonly conditions: ReadonlyMap<string, string>
  /** By the action's place. */
  readonly actions: ReadonlyMap<number, string>
  /** About no field of the form. */
  readonly others: readonly string[]
  /** All of them with their places, for a rule that is edited as JSON. */
  readonly all: readonly string[]
}

export const noProblems: FormProblems = {
  name: '',
  conditions: new Map(),
  actions: new Map(),
  others: [],
  all: [],
}

/** Places the issues of one rule at the fields of its form. */
export function formProblems(error: DeskError, index: number, rule: Rule, texts: AdminTexts): FormProblems {
  const t = texts.t.value
  const found = issuesOf(error.detail)
  if (!found) return noProblems
  const conditions = new Map<string, string>()
  const actions = new Map<number, string>()
  const others: string[] = []
  const all: string[] = []
  let name = ''
  for (const issue of found.issues) {
    const [list, at, part, key, ...place] = issue.at
    // The other one of two with the same name may be meant, where this one is the first of them.
    const isTaken = issue.code === 'name_taken' && issue.rule === rule.name
    if (list !== 'rules' || (at !== index && !isTaken)) continue
    all.push(placedWords(issue, issue.at.slice(2), t))
    const said = placedWords(issue, place, t)
    if (part === 'name') name ||= issueWords(issue, t)
    else if (part === 'when' && typeof key === 'string') conditions.set(key, conditions.get(key) ?? said)
    else if (part === 'then' && typeof key === 'number') actions.set(key, actions.get(key) ?? said)
    else others.push(placedWords(issue, issue.at.slice(2), t))
  }
  return { name, conditions, actions, others, all }
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
