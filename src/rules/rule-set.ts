import { z } from 'zod'
import { conditionShape } from './conditions.js'
import { scheduleSchema } from './hours-condition.js'
import { replySchema } from './reply-schema.js'
import { closed, listOf, must, oneLine, severalLines, spaces, text, trimmed } from './schema-parts.js'
import { tagSchema } from './tags-condition.js'

export type { Comparison } from './comparison.js'
export type { Hours, ScheduleUse } from './hours-condition.js'
export { scheduleSchema } from './hours-condition.js'
export { listOf } from './schema-parts.js'
export type { Tags } from './tags-condition.js'

// The form of a rules file: an outside contract, spoken by `kefu rules` and by /api/v1/rules. Each message says
// what the value must be, since it is read beside the value's path and nothing else.

const whenSchema = closed('an object: {} for every message', {
  event: z
    .string(must('the name of an event, such as "user_enter_tempsession"'))
    .regex(/^\w{1,64}$/, 'must be the name of an event, such as "user_enter_tempsession"')
    .exactOptional(),
  ...conditionShape,
})

const actionSchema = z.union(
  [
    closed('an action', { reply: replySchema }),
    closed('an action', {
      handoff: text('the reason that agents read', 200).refine(oneLine, severalLines),
    }),
    closed('an action', { transfer: z.literal(true, must('true')) }),
    closed('an action', { tag: tagSchema }),
    closed('an action', {
      assistant: text('the name of an assistant', 64).refine(trimmed, spaces).refine(oneLine, severalLines),
    }),
  ],
  must('an object with exactly one of "reply", "handoff", "transfer", "tag" and "assistant"'),
)

/** One rule: when it matches, and what it then does, in order. */
export const ruleSchema = closed('a rule: { "name": "…", "when": {…}, "then": […] }', {
  name: text('a name, which no other rule has', 64).refine(trimmed, spaces).refine(oneLine, severalLines),
  enabled: z.boolean(must('true or false')).exactOptional(),
  when: whenSchema,
  then: z
    .array(actionSchema, must('a list of actions; [] stays silent'))
    .max(20, 'must not hold more than 20 actions'),
})

/** A rules file. Reading one is checkRules' work, which also sees what no single field shows. */
export const ruleSetSchema = closed('an object: { "rules": […] }', {
  rules: z.array(ruleSchema, must('a list of rules')).max(10_000, 'must not hold more than 10000 rules'),
  schedules: z
    .array(scheduleSchema, must('a list of business hours'))
    .max(50, 'must not hold more than 50')
    .exactOptional(),
})

export type RuleSet = z.infer<typeof ruleSetSchema>
export type Rule = RuleSet['rules'][number]
export type When = Rule['when']
export type Action = Rule['then'][number]
export type Reply = Extract<Action, { reply: unknown }>['reply']

/** All expressions of a rule, each as often as it is written. */
export function patternsOf({ when: { text, sessionFrom } }: Rule): readonly string[] {
  return [...listOf(text?.matches ?? []), ...listOf(sessionFrom?.matches ?? [])]
}
