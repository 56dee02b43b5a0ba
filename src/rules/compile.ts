import type { OutgoingMessage } from '../wechat/index.js'
import { scheduleHours, zoneClock, type Opening, type Schedule, type ZoneClock } from './business-hours.js'
import {
  conditionsOf,
  kindCondition,
  subjectOf,
  type Condition,
  type SharedParts,
  type Subject,
} from './condition.js'
import { compileExpression, type Expression, type Groups } from './expression.js'
import type { Facts } from './facts.js'
import { compileReply } from './reply.js'
import { listOf, type Action, type Rule, type RuleSet } from './rule-set.js'
import type { Values } from './template.js'

/** What a rule does, written out for one customer. */
export type Step =
  | { readonly do: 'reply'; readonly message: OutgoingMessage }
  | { readonly do: 'handoff'; readonly reason: string }
  | { readonly do: 'transfer' }
  | { readonly do: 'tag'; readonly name: string }

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
  /** What it does about these facts, which it matches. */
  stepsFor(facts: Facts): Step[]
}

/** Rules, ready to be asked for each push. */
export interface CompiledRules {
  /** All of them in their order, those that are switched off too. */
  readonly rules: readonly CompiledRule[]
  /** The first rule that matches. */
  decide(facts: Facts): CompiledRule | undefined
  /** Whether a rule that transfers may match a message, as far as the message alone tells. */
  mayTransfer(message: Pick<Facts, 'word' | 'text'>): boolean
}

/** Compiles rules once, so that a push costs microseconds. The rules have passed checkRules; throws otherwise. */
export function compileRules(set: RuleSet): CompiledRules {
  const shared = sharedParts(set.schedules ?? [])
  const rules = set.rules.map((rule) => compileRule(rule, shared))
  const forMessages: CompiledRule[] = []
  const forEvents = new Map<string, CompiledRule[]>()
  set.rules.forEach(({ when: { event } }, index) => {
    const compiled = rules[index]
    if (!compiled?.enabled) return
    if (event === undefined) forMessages.push(compiled)
    else once(forEvents, event, () => []).push(compiled)
  })
  const transferring = forMessages.filter((rule) => rule.transfers)
  return {
    rules,
    decide(facts) {
      const candidates = facts.kind === 'message' ? forMessages : (forEvents.get(facts.word) ?? [])
      if (candidates.length === 0) return undefined
      const subject = subjectOf(facts)
      return candidates.find((rule) => matches(rule, subject))
    },
    mayTransfer(message) {
      if (transferring.length === 0) return false
      const subject = subjectOf({ ...message, ...unknown })
      return transferring.some(({ conditions }) =>
        conditions.every((each) => !ofMessage.test(each.path) || each.holds(subject)),
      )
    },
  }
}

/** The conditions that a message alone decides; the others look at its customer and the time. */
const ofMessage = /^when\.(type|text)/

const unknown = { kind: 'message', sessionFrom: null, tags: [], now: 0, contact: { name: null } } as const

function matches(rule: CompiledRule, subject: Subject): boolean {
  for (const condition of rule.conditions) if (!condition.holds(subject)) return false
  return true
}

function sharedParts(schedules: readonly Schedule[]): SharedParts {
  const clocks = new Map<string, ZoneClock>()
  const clock = (zone: string): ZoneClock => once(clocks, zone, () => zoneClock(zone))
  const openings = new Map(
    schedules.map((schedule) => [schedule.name, scheduleHours(schedule, clock(schedule.zone))]),
  )
  const expressions = new Map<string, Expression>()
  return {
    clock,
    schedule: (name) => openings.get(name) ?? never,
    expression: (pattern, caseSensitive) =>
      once(expressions, `${caseSensitive ? '=' : '~'}${pattern}`, () =>
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
    kind: kindCondition(rule),
    conditions: conditionsOf(rule, shared),
    silent: actions.length === 0,
    transfers: rule.then.some((action) => 'transfer' in action),
    stepsFor(facts) {
      const match = facts.text === undefined ? undefined : find?.(facts.text)
      const values: Values = { match, sessionFrom: facts.sessionFrom, contact: facts.contact }
      return actions.map((action) => action.step(values)).filter((step) => step !== undefined)
    },
  }
}

/** What the first of the rule's expressions that matches finds in a text. */
function finder({ when: { text } }: Rule, shared: SharedParts): (text: string) => Groups | undefined {
  const caseSensitive = text?.caseSensitive ?? false
  const expressions = listOf(text?.matches ?? []).map((pattern) => shared.expression(pattern, caseSensitive))
  return (input) => {
    for (const each of expressions) {
      const groups = each.find(input)
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
        : { do: 'transfer' }
  return { usesMatch: false, step: () => step }
}
