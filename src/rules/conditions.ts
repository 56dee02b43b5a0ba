import { z } from 'zod'
import { incomingTypes } from '../wechat/index.js'
import { comparisonConditions, sessionFromSchema, textSchema } from './comparison.js'
import { COSTS, type Condition, type SharedParts } from './condition.js'
import { hoursConditions, hoursSchema } from './hours-condition.js'
import { listOf, must, oneOrMore } from './schema-parts.js'
import { tagConditions, tagsSchema } from './tags-condition.js'

/** One key of a rule's `when`: its form in a rules file, and what it asks. */
interface ConditionKind<S extends z.ZodType> {
  readonly schema: S
  compile(value: z.output<S>, shared: SharedParts): Iterable<Condition>
}

function kind<S extends z.ZodType>(
  schema: S,
  compile: (value: z.output<S>, shared: SharedParts) => Iterable<Condition>,
): ConditionKind<S> {
  return { schema, compile }
}

const quoted = incomingTypes.map((type) => `"${type}"`)
const typeSchema = z.enum(incomingTypes, must(`${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1) ?? ''}`))

/**
 * Every condition beside `event`, in the order of a rules file. The compiler asks for the field of each in the desk's
 * form (web/desk/admin/rules/conditions), a test for its line in docs/rules.md.
 */
export const conditionKinds = {
  type: kind(oneOrMore(typeSchema, `${quoted.join(', ')} or a list of them`), (types) => [
    typeCondition(listOf(types)),
  ]),
  text: kind(textSchema, (comparison, shared) => comparisonConditions('text', comparison, shared)),
  sessionFrom: kind(sessionFromSchema, (comparison, shared) =>
    comparisonConditions('sessionFrom', comparison, shared),
  ),
  hours: kind(hoursSchema, hoursConditions),
  tags: kind(tagsSchema, tagConditions),
}

type Kinds = typeof conditionKinds
/** The conditions as a rule may have them. */
export type ConditionValues = { -readonly [K in keyof Kinds]?: z.output<Kinds[K]['schema']> }

/** The schema's shape: each condition may be left out. */
export const conditionShape = Object.fromEntries(
  Object.entries(conditionKinds).map(([key, { schema }]) => [key, z.exactOptional(schema)]),
) as { [K in keyof Kinds]: z.ZodExactOptional<Kinds[K]['schema']> }

const common = { cost: COSTS.type, isOfMessage: true } as const

/** Whether the push is of the kind that a rule is for at all. */
export function kindCondition(event: string | undefined): Condition {
  if (event === undefined)
    return {
      path: 'when',
      ...common,
      holds: ({ facts }) => facts.kind === 'message',
      unmet: ({ facts: { word } }) => ({
        zh: `这条规则只看消息，而这是事件 ${word}`,
        en: `it is for messages, and this is the event ${word}`,
      }),
    }
  return {
    path: 'when.event',
    ...common,
    holds: ({ facts: { kind, word } }) => kind === 'event' && word.toLowerCase() === event.toLowerCase(),
    unmet: ({ facts: { kind, word } }) => ({
      zh: `这条规则只看事件 ${event}，而这是${kind === 'event' ? `事件 ${word}` : '消息'}`,
      en: `it is for the event ${event}, and this is ${kind === 'event' ? `the event ${word}` : 'a message'}`,
    }),
  }
}

/** The conditions of a rule beside its kind, the cheapest first. */
export function conditionsOf(values: ConditionValues, shared: SharedParts): Condition[] {
  const kinds: [string, ConditionKind<z.ZodType>][] = Object.entries(conditionKinds)
  return kinds
    .flatMap(([key, each]) => {
      const value: unknown = Reflect.get(values, key)
      return value === undefined ? [] : [...each.compile(value, shared)]
    })
    .sort((one, other) => one.cost - other.cost)
}

function typeCondition(types: readonly string[]): Condition {
  const wanted = new Set(types)
  return {
    path: 'when.type',
    ...common,
    holds: ({ facts: { word } }) => wanted.has(word),
    unmet: ({ facts: { word } }) => ({
      zh: `消息类型是 ${word}，而规则要 ${types.join(' 或 ')}`,
      en: `the message is of type ${word}, not ${types.join(' or ')}`,
    }),
  }
}
