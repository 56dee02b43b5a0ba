import type { CompiledRule, CompiledRules, Step } from './compile.js'
import { subjectOf, type Subject } from './condition.js'
import type { Facts } from './facts.js'
import type { Sentence } from './sentence.js'

/** Why a rule does not answer. */
export interface Reason extends Sentence {
  /** The part of the rule that decides, such as `when.text.contains`. */
  readonly path: string
}

/** How one rule stands to a push. */
export interface Verdict {
  readonly rule: string
  /** `answers`: it is the first that matches. `too_late`: it matches, behind the one that answers. */
  readonly verdict: 'answers' | 'too_late' | 'no_match' | 'disabled'
  /** Every condition that does not hold, or what else keeps it from answering. */
  readonly reasons: readonly Reason[]
}

/** What the rules make of a push. */
export interface Explanation {
  /** The rule that answers and what it does, written out; null when none does. */
  readonly answer: { readonly rule: string; readonly steps: readonly Step[] } | null
  /** All rules in their order. */
  readonly rules: readonly Verdict[]
}

/** Says which rule answers, with what, and why each other one does not. Nothing is sent. */
export function explainRules(rules: CompiledRules, facts: Facts): Explanation {
  const answering = rules.decide(facts)
  const subject = subjectOf(facts)
  return {
    answer: answering ? { rule: answering.name, steps: answering.stepsFor(facts) } : null,
    rules: rules.rules.map((rule) => verdictOn(rule, subject, answering)),
  }
}

function verdictOn(rule: CompiledRule, subject: Subject, answering: CompiledRule | undefined): Verdict {
  if (rule === answering) return { rule: rule.name, verdict: 'answers', reasons: [] }
  if (!rule.enabled)
    return {
      rule: rule.name,
      verdict: 'disabled',
      reasons: [{ path: 'enabled', zh: '规则已停用', en: 'the rule is switched off' }],
    }
  const reasons = [rule.kind, ...rule.conditions]
    .filter((condition) => !condition.holds(subject))
    .map((condition) => ({ path: condition.path, ...condition.unmet(subject) }))
  if (reasons.length > 0) return { rule: rule.name, verdict: 'no_match', reasons }
  const first = answering?.name ?? ''
  return {
    rule: rule.name,
    verdict: 'too_late',
    reasons: [
      {
        path: '',
        zh: `条件都符合，但排在前面的规则“${first}”已经回答`,
        en: `it matches, but the rule “${first}” before it answers`,
      },
    ],
  }
}
