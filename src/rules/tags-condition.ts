import type { z } from 'zod'
import { ruleIssue } from '../protocol/rule-problems.js'
import { COSTS, type Condition } from './condition.js'
import { checkOf } from './rule-problem.js'
import { closed, listOf, oneLine, oneOrMore, severalLines, spaces, text, trimmed } from './schema-parts.js'
import { quotedEn, quotedZh } from './sentence.js'
import type { Steps } from './steps.js'

export const tagSchema = text('a tag, such as "vip"', 64)
  .refine(trimmed, spaces)
  .refine(oneLine, severalLines)

const tags = oneOrMore(tagSchema, 'a tag or a list of tags')
/** Which tags the customer must have, or must not. */
export const tagsSchema = closed('an object with "any", "all" or "none"', {
  any: tags.exactOptional(),
  all: tags.exactOptional(),
  none: tags.exactOptional(),
}).refine(
  ({ any, all, none }) => (any ?? all ?? none) !== undefined,
  checkOf('must have "any", "all" or "none"', ruleIssue('needs_one', { keys: ['any', 'all', 'none'] })),
)
export type Tags = z.infer<typeof tagsSchema>

const common = { cost: COSTS.tags, isOfMessage: false } as const
/** Names in the time of a step. */
const NAMES_AT_ONCE = 8

/** The conditions on the customer's tags. */
export function* tagConditions(tags: Tags): Generator<Condition> {
  const [any, all, none] = [tags.any, tags.all, tags.none].map((each) => each && listOf(each))
  const count = (names: readonly string[], steps: Steps): void => steps.use(names.length / NAMES_AT_ONCE)
  if (none)
    yield {
      ...common,
      path: 'when.tags.none',
      holds(subject, steps) {
        count(none, steps)
        return !none.some((tag) => subject.tagSet.has(tag))
      },
      unmet: (subject) => {
        const unwanted = none.filter((tag) => subject.tagSet.has(tag))
        return {
          zh: `客户有标签${quotedZh(unwanted, '和')}`,
          en: `the customer has the ${unwanted.length > 1 ? 'tags' : 'tag'} ${quotedEn(unwanted, 'and')}`,
        }
      },
    }
  if (all)
    yield {
      ...common,
      path: 'when.tags.all',
      holds(subject, steps) {
        count(all, steps)
        return all.every((tag) => subject.tagSet.has(tag))
      },
      unmet: (subject) => {
        const missing = all.filter((tag) => !subject.tagSet.has(tag))
        return {
          zh: `客户没有标签${quotedZh(missing, '和')}`,
          en: `the customer lacks the ${missing.length > 1 ? 'tags' : 'tag'} ${quotedEn(missing, 'and')}`,
        }
      },
    }
  if (any)
    yield {
      ...common,
      path: 'when.tags.any',
      holds(subject, steps) {
        count(any, steps)
        return any.some((tag) => subject.tagSet.has(tag))
      },
      unmet: () => ({
        zh: `客户没有标签${quotedZh(any, '或')}`,
        en: `the customer has no tag ${quotedEn(any, 'or')}`,
      }),
    }
}
