import type { OutgoingMessage } from '../wechat/index.js'
import { scheduleHours, zoneClock, type Opening, type Schedule, type ZoneClock } from './business-hours.js'
import { subjectOf, type Condition, type SharedParts, type Subject } from './condition.js'
import { conditionsOf, kindCondition } from './conditions.js'
import {
  compileExpression,
  compilingSteps,
  expressionKey,
  type Expression,
  type Expressions,
  type Groups,
} from './expression.js'
import { unknownFacts, type Facts, type MessageFacts } from './facts.js'
import { compileReply } from './reply.js'
import { listOf, patternsOf, type Action, type Rule, type RuleSet } from './rule-set.js'
import { LOOKED_AT } from './search.js'
import { atOnce, SLICE_STEPS, Steps, TooManySteps, type Work } from './steps.js'
import type { Values } from './template.js'

/** An action of a rule, written out for one customer. */
export type Step =
  | { readonly do: 'reply'; readonly message: OutgoingMessage }
  | { readonly do: 'handoff'; readonly reason: string }
  | { readonly do: 'transfer' }
  | { readonly do: 'tag'; readonly name: string }
  | { readonly do: 'assist'; readonly assistant: string }

/** A rule, ready to be asked. */
export interface CompiledRule {
  readonly name: string
  readonly enabled: boolean
  /** Whether the push is of the kind that the rule is for; decide() knows it from its index. */
  readonly kind: Condition
  /** The others, the cheapest first. All of them must hold. */
  readonly conditions: readonly Condition[]
  /** Whether it says to stay silent: `"then": []`. */
  readonly silent: boolean
  /** Whether it gives the customer to WeChat's own agent tool. */
  readonly transfers: boolean
  /** Returns its actions for these facts, which it matches. */
  stepsFor(facts: Facts): Step[]
  /** The same, as work that can be interrupted. Throws TooManySteps. */
  writing(facts: Facts, steps: Steps, found?: Foreseen['found']): Work<Step[]>
  /** Returns the find of its expressions in a text; undefined where it does not use that. */
  groupsIn(text: string, steps: Steps): Work<Groups | undefined> | undefined
}

/** The rules' answer to a push. */
export interface Answering {
  readonly rule: CompiledRule
  readonly steps: readonly Step[]
}

/** Facts about a message before it is handled: the conditions that hold, and the finds of expressions. */
export interface Foreseen {
  readonly told: ReadonlyMap<Condition, boolean>
  readonly found: ReadonlyMap<CompiledRule, Groups | undefined>
}

/** Rules, ready to be asked for each push. */
export interface CompiledRules {
  /** All of them in their order, those that are switched off too. */
  readonly rules: readonly CompiledRule[]
  /** The first rule that matches. */
  decide(facts: Facts): CompiledRule | undefined
  /** The same, as work that can be interrupted. Throws TooManySteps. */
  deciding(subject: Subject, steps: Steps): Work<CompiledRule | undefined>
  /** The first rule that matches, and what it does, as work that can be interrupted. Throws TooManySteps. */
  answering(facts: Facts, steps: Steps, foreseen?: Foreseen): Work<Answering | undefined>
  /** Looks for all that the rules will want of a message, as far as it alone tells. Throws TooManySteps. */
  foreseeing(message: MessageFacts, steps: Steps): Work<Foreseen>
  /** How many steps a text may take at most, told without looking at it. */
  mostSteps(length: number): number
  /** Whether a rule that transfers may match a message, as far as the message alone tells, and a slice of steps. */
  mayTransfer(message: MessageFacts): boolean
}

/** Compiles rules once, so that a push costs microseconds. The rules have passed checkRules; throws otherwise. */
export function compileRules(set: RuleSet, compiled?: Expressions): CompiledRules {
  return atOnce(compilingRules(set, new Steps(Infinity), compiled))
}

/** The same as work that can be interrupted; `compiled` are the expressions that checkRules made. */
export function* compilingRules(set: RuleSet, counted: Steps, compiled?: Expressions): Work<CompiledRules> {
  const shared = sharedParts(set.schedules ?? [], compiled)
  const rules: CompiledRule[] = []
  for (const rule of set.rules) {
    const cost = RULE_STEPS + patternsOf(rule).reduce((sum, each) => sum + shared.making(each), 0)
    if (cost > counted.room) yield
    counted.use(cost)
    rules.push(compileRule(rule, shared))
  }
  const forMessages: CompiledRule[] = []
  const forEvents = new Map<string, CompiledRule[]>()
  set.rules.forEach(({ when: { event } }, index) => {
    const compiled = rules[index]
    if (!compiled?.enabled) return
    if (event === undefined) forMessages.push(compiled)
    else once(forEvents, event, () => []).push(compiled)
  })
  const transferring = forMessages.filter((rule) => rule.transfers)
  const perCharacter = set.rules.reduce((sum, rule) => sum + stepsPerCharacter(rule, shared), 0)

  function* deciding(subject: Subject, steps: Steps): Work<CompiledRule | undefined> {
    const candidates =
      subject.facts.kind === 'message' ? forMessages : (forEvents.get(subject.facts.word) ?? [])
    for (const rule of candidates) if (yield* allHold(rule.conditions, subject, steps)) return rule
    return undefined
  }
  function* answering(facts: Facts, steps: Steps, foreseen?: Foreseen): Work<Answering | undefined> {
    const rule = yield* deciding(subjectOf(facts, foreseen && new Map(foreseen.told)), steps)
    return rule && { rule, steps: yield* rule.writing(facts, steps, foreseen?.found) }
  }
  function* foreseeing(message: MessageFacts, steps: Steps): Work<Foreseen> {
    const told = new Map<Condition, boolean>()
    const found = new Map<CompiledRule, Groups | undefined>()
    const subject = subjectOf({ ...message, ...unknownFacts }, told)
    for (const rule of forMessages) {
      const early = rule.conditions.filter((each) => each.isOfMessage)
      if (!(yield* allHold(early, subject, steps))) continue
      const find = rule.groupsIn(message.text ?? '', steps)
      if (find) found.set(rule, yield* find)
      if (early.length === rule.conditions.length) break
    }
    return { told, found }
  }
  return {
    rules,
    deciding,
    answering,
    foreseeing,
    mostSteps: (length) => perCharacter * (length + 1),
    decide: (facts) => atOnce(deciding(subjectOf(facts), new Steps(Infinity))),
    mayTransfer(message) {
      if (transferring.length === 0) return false
      const subject = subjectOf({ ...message, ...unknownFacts })
      const steps = new Steps(SLICE_STEPS)
      try {
        return transferring.some(({ conditions }) => {
          const told = conditions.filter((each) => each.isOfMessage)
          return atOnce(allHold(told, subject, steps), steps)
        })
      } catch (error) {
        // Its answer waits until the rules have taken their time.
        if (error instanceof TooManySteps) return true
        throw error
      }
    },
  }
}

/** Steps to make a rule, and to ask it, beside its expressions. */
const RULE_STEPS = 50

/** Whether all conditions hold, looked at one after the other until one does not. */
export function* allHold(conditions: readonly Condition[], subject: Subject, steps: Steps): Work<boolean> {
  if (steps.room < 2) yield
  steps.use(1)
  for (const condition of conditions) if (!(yield* whetherHolds(condition, subject, steps))) return false
  return true
}

export function* whetherHolds(condition: Condition, subject: Subject, steps: Steps): Work<boolean> {
  const known = subject.told?.get(condition)
  if (known !== undefined) return known
  const told = condition.holds(subject, steps)
  const holds = typeof told === 'boolean' ? told : yield* told
  subject.told?.set(condition, holds)
  return holds
}

/** Returns the steps of a rule's comparisons for each character of the text, at most. */
function stepsPerCharacter({ when: { text } }: Rule, shared: SharedParts): number {
  if (text === undefined) return 0
  const expressions = listOf(text.matches ?? []).map((each) =>
    shared.expression(each, text.caseSensitive ?? false),
  )
  const words = listOf(text.contains ?? [])
  return (
    expressions.reduce((sum, { size }) => sum + 2 * size, 0) +
    words.reduce((sum, { length }) => sum + Math.max(Math.min(length, 256), 1), 0) / LOOKED_AT
  )
}

function sharedParts(
  schedules: readonly Schedule[],
  compiled: Expressions = new Map(),
): SharedParts & { making(pattern: string): number } {
  const clocks = new Map<string, ZoneClock>()
  // A zone may be written in thousands of ways, and each clock takes some memory.
  const clock = (zone: string): ZoneClock => once(clocks, zone.toLowerCase(), () => zoneClock(zone))
  const openings = new Map(
    schedules.map((schedule) => [schedule.name, scheduleHours(schedule, clock(schedule.zone))]),
  )
  const expressions = new Map<string, Expression>(compiled)
  return {
    making: (pattern) => (compiled.size > 0 ? 1 : compilingSteps(pattern)),
    clock,
    schedule: (name) => openings.get(name) ?? never,
    expression: (pattern, caseSensitive) =>
      once(expressions, expressionKey(pattern, caseSensitive), () =>
        compileExpression(pattern, { caseSensitive }),
      ),
  }
}

const never = (now: number): Opening => ({ open: false, local: zoneClock('UTC')(now), because: 'day_off' })

function once<T>(made: Map<string, T>, key: string, make: () => T): T {
  const value = made.get(key) ?? make()
  made.set(key, value)
  return value
}

function compileRule(rule: Rule, shared: SharedParts): CompiledRule {
  const actions = rule.then.map(compileAction)
  const find = actions.some((action) => action.usesMatch) ? finder(rule, shared) : undefined
  return {
    name: rule.name,
    enabled: rule.enabled ?? true,
    kind: kindCondition(rule.when.event),
    conditions: conditionsOf(rule.when, shared),
    silent: actions.length === 0,
    transfers: rule.then.some((action) => 'transfer' in action),
    groupsIn: (text, steps) => find?.(text, steps),
    *writing(facts, steps, found) {
      const known = found?.has(this) === true
      const match =
        facts.text === undefined || !find
          ? undefined
          : known
            ? found.get(this)
            : yield* find(facts.text, steps)
      const values: Values = { match, sessionFrom: facts.sessionFrom, contact: facts.contact }
      return actions.map((action) => action.step(values)).filter((step) => step !== undefined)
    },
    stepsFor(facts) {
      return atOnce(this.writing(facts, new Steps(Infinity)))
    },
  }
}

/** Returns a finder: it gives the find of the rule's first expression that matches. */
function finder(
  { when: { text } }: Rule,
  shared: SharedParts,
): (text: string, steps: Steps) => Work<Groups | undefined> {
  const caseSensitive = text?.caseSensitive ?? false
  const expressions = listOf(text?.matches ?? []).map((pattern) => shared.expression(pattern, caseSensitive))
  return function* (input, steps) {
    for (const each of expressions) {
      const groups = yield* each.finding(input, steps)
      if (groups) return groups
    }
    return undefined
  }
}

interface CompiledAction {
  readonly usesMatch: boolean
  /** Undefined where there is nothing to send. */
  step(values: Values): Step | undefined
}

function compileAction(action: Action): CompiledAction {
  if ('reply' in action) {
    const reply = compileReply(action.reply)
    return {
      usesMatch: reply.usesMatch,
      step(values) {
        const message = reply.write(values)
        return message && { do: 'reply', message }
      },
    }
  }
  const step: Step =
    'handoff' in action
      ? { do: 'handoff', reason: action.handoff }
      : 'tag' in action
        ? { do: 'tag', name: action.tag }
        : 'assistant' in action
          ? { do: 'assist', assistant: action.assistant }
          : { do: 'transfer' }
  return { usesMatch: false, step: () => step }
}
