import type { Rule } from '../../../../src/rules/rule-set.js'
import { actionDraft, actionOf, type ActionDraft } from './action-draft.js'
import { conditionDrafts, conditionsOf, type ConditionDrafts } from './conditions/condition-fields.js'

/** A rule as the form has it. */
export interface RuleDraft {
  name: string
  enabled: boolean
  conditions: ConditionDrafts
  actions: ActionDraft[]
}

/** The rule in the form's fields; what they have no place for is left out. */
export function draftOf(rule: Rule): RuleDraft {
  return {
    name: rule.name,
    enabled: rule.enabled !== false,
    conditions: conditionDrafts(rule.when),
    actions: rule.then.map(actionDraft),
  }
}

/** What the form says, as a rule; the service says what is wrong with it. */
export function ruleOf(draft: RuleDraft): Rule {
  return {
    name: draft.name.trim(),
    ...(draft.enabled ? {} : { enabled: false }),
    when: conditionsOf(draft.conditions),
    then: draft.actions.map(actionOf),
  }
}

/** Whether the form shows all of the rule, so that saving it there loses nothing. A rule typed as JSON may hold anything. */
export function fitsForm(rule: Rule): boolean {
  try {
    return canonical(rule) === canonical(ruleOf(draftOf(rule)))
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

/** Where one or a list may stand, the same text for both; the order of keys and of days says nothing. */
function canonical(value: unknown, key = ''): string {
  if (Array.isArray(value)) {
    const items = value.map((item) => canonical(item))
    return `[${(key === 'days' || key === 'type' ? items.toSorted() : items).join()}]`
  }
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .filter(([name, part]) => !(name === 'enabled' && part === true))
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, part]) => `${name}:${canonical(part, name)}`)
      .join()}}`
  const one = JSON.stringify(value)
  return ['equals', 'contains', 'matches', 'any', 'all', 'none', 'type'].includes(key) ? `[${one}]` : one
}
