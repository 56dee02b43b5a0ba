import { whetherHolds, type CompiledRule, type CompiledRules, type Step } from './compile.js'
import { subjectOf, type Subject } from './condition.js'
import type { Facts } from './facts.js'
import type { Sentence } from './sentence.js'
import { atOnce, Steps, TooManySteps, type Work } from './steps.js'

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

/** The rules' judgement of a push. */
export interface Explanation {
  /** The rule that answers and what it does, written out; null when none does. */
  readonly answer: { readonly rule: string; readonly steps: readonly Step[] } | null
  /** All rules in their order. */
  readonly rules: readonly Verdict[]
}

/** Says which rule answers, with what, and why each other one does not. Nothing is sent. */
export function explainRules(rules: CompiledRules, facts: Facts): Explanation {
  return atOnce(explaining(rules, facts, new Steps(Infinity)))
}

/** The same as work that can be interrupted. What takes more than `steps` allows is not tried, as with a customer's message. */
export function* explaining(rules: CompiledRules, facts: Facts, steps: Steps): Work<Explanation> {
  // A condition that was found to hold is not looked for again.
  const subject = subjectOf(facts, new Map())
  const answering = yield* tried(rules.deciding(subject, steps))
  const done =
    answering === TOO_MANY ? TOO_MANY : answering && (yield* tried(answering.writing(facts, steps)))
  const rule = answering === TOO_MANY || done === TOO_MANY ? undefined : answering
  const verdicts: Verdict[] = []
  let isUntried = done === TOO_MANY
  for (const each of rules.rules) {
    const verdict = isUntried ? TOO_MANY : yield* tried(verdictOn(each, subject, rule, steps))
    if (verdict === TOO_MANY) isUntried = true
    verdicts.push(verdict === TOO_MANY ? untried(each) : verdict)
  }
  return {
    answer: rule && done && done !== TOO_MANY ? { rule: rule.name, steps: done } : null,
    rules: verdicts,
  }
}

const TOO_MANY = 'too many steps'

function* tried<T>(work: Work<T>): Work<T | typeof TOO_MANY> {
  try {
    return yield* work
  } catch (error) {
    if (error instanceof TooManySteps) return TOO_MANY
    throw error
  }
}

function untried(rule: CompiledRule): Verdict {
  const reason = {
    path: '',
    zh: '没有试：这些规则要比较的内容太多。真实消息会转给人工',
    en: 'not tried: these rules compare too much. A customer’s message is given to people',
  }
  return { rule: rule.name, verdict: rule.enabled ? 'no_match' : 'disabled', reasons: [reason] }
}

function* verdictOn(
  rule: CompiledRule,
  subject: Subject,
  answering: CompiledRule | undefined,
  steps: Steps,
): Work<Verdict> {
  if (rule === answering) return { rule: rule.name, verdict: 'answers', reasons: [] }
  if (!rule.enabled)
    return {
      rule: rule.name,
      verdict: 'disabled',
      reasons: [{ path: 'enabled', zh: '规则已停用', en: 'the rule is switched off' }],
    }
  const reasons: Reason[] = []
  for (const condition of [rule.kind, ...rule.conditions])
    if (!(yield* whetherHolds(condition, subject, steps)))
      reasons.push({ path: condition.path, ...condition.unmet(subject) })
  if (steps.room < 2) yield
  steps.use(1)
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
