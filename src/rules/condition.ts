import { withoutInvisible } from '../wechat/text.js'
import type { Opening, ZoneClock } from './business-hours.js'
import type { Expression } from './expression.js'
import type { Facts } from './facts.js'
import type { Sentence } from './sentence.js'
import type { Steps, Work } from './steps.js'

/** Facts, and their texts in lower case: made once, compared by every rule. */
export interface Subject {
  readonly facts: Facts
  /** The text without characters that nobody sees: a word is found whatever a copied text has in it. */
  readonly plainText: string | undefined
  readonly lowerText: string | undefined
  readonly lowerSessionFrom: string | undefined
  readonly tagSet: ReadonlySet<string>
  /** The answers of expressions, for the text and for where the customer came from: each is asked once. */
  readonly said: { readonly text: Map<Expression, boolean>; readonly sessionFrom: Map<Expression, boolean> }
  /** Which conditions were found to hold, where that is kept. */
  readonly told: Map<Condition, boolean> | undefined
}

/** One part of a rule's `when`. */
export interface Condition {
  /** Where it stands in the rule, such as `when.text.contains`. */
  readonly path: string
  /** Where it stands among a rule's conditions: the cheapest is asked first. */
  readonly cost: number
  /** Whether a message alone decides it, without its customer and the time. */
  readonly isOfMessage: boolean
  holds(subject: Subject, steps: Steps): boolean | Work<boolean>
  /** Why it does not hold. */
  unmet(subject: Subject): Sentence
}

/** Parts that the conditions of all rules share: a clock for each zone, an expression for each pattern. */
export interface SharedParts {
  clock(zone: string): ZoneClock
  /** Business hours by their name; never open where there are none of that name. */
  schedule(name: string): (now: number) => Opening
  expression(pattern: string, caseSensitive: boolean): Expression
}

/** Facts made ready to be compared; with what is known already. */
export function subjectOf(facts: Facts, told?: Map<Condition, boolean>): Subject {
  const plainText = facts.text === undefined ? undefined : withoutInvisible(facts.text).trim()
  // No spread: it took thirty times as long, and this runs for each push.
  return {
    facts,
    plainText,
    lowerText: plainText?.toLowerCase(),
    lowerSessionFrom: facts.sessionFrom?.toLowerCase(),
    tagSet: new Set(facts.tags),
    said: { text: new Map(), sessionFrom: new Map() },
    told,
  }
}

/** The order in which conditions are asked; a condition that looks something up in a set costs as a type. */
export const COSTS = { type: 0, tags: 1, words: 2, hours: 3, expression: 4, textExpression: 5 } as const
