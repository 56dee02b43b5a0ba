import type { Context } from 'koa'
import { z } from 'zod'
import { Refusal, route, writeAudit, type Route } from '../../desk/index.js'
import { codeHandlers } from '../../desk/schemas/answer-view.js'
import { outgoingMessage } from '../../desk/schemas/outgoing-message.js'
import { compileRules } from '../../rules/compile.js'
import { explainRules } from '../../rules/explain.js'
import type { Facts } from '../../rules/facts.js'
import { checkRules } from '../../rules/rule-check.js'
import { problemsText } from '../../rules/rule-problem.js'
import { ruleSetSchema, type RuleSet } from '../../rules/rule-set.js'
import type { RepliesAllowed } from '../../rules/rule-warning.js'
import type { Store } from '../../store/index.js'
import { RulesChangedError, type RuleBook } from '../rule-book.js'

export interface RuleRoutesOptions {
  readonly rules: RuleBook
  readonly allowed: RepliesAllowed
  /** Whether handlers in code stand before the rules. */
  readonly hasHandlers: boolean
  readonly store: Store
  readonly now: () => number
  readonly addressOf: (ctx: Context) => string
}

/** Ten thousand rules. */
const RULES_BYTES = 8 * 1024 * 1024

const problem = z.object({ rule: z.string().nullable(), path: z.string(), message: z.string() })
/** The rules' own check names the rule and the field of what is wrong. */
const rulesInput = z.object({ rules: z.array(z.unknown()), schedules: z.array(z.unknown()).exactOptional() })
const savedRules = ruleSetSchema.extend({ warnings: z.array(problem) })

const message = z.discriminatedUnion('msgType', [
  z.strictObject({ msgType: z.literal('text'), content: z.string().max(10_000) }),
  z.strictObject({ msgType: z.enum(['image', 'miniprogrampage']) }),
  z.strictObject({ msgType: z.literal('event'), event: z.string().regex(/^\w{1,64}$/) }),
])
const testInput = z.strictObject({
  message,
  /** What else rules look at. */
  sessionFrom: z.string().max(1024).nullable().default(null),
  tags: z.array(z.string().max(64)).max(100).default([]),
  name: z.string().max(200).nullable().default(null),
  /** When it comes, in milliseconds since 1970; now when not given. */
  at: z.int().min(0).optional(),
  /** Rules to try before they are saved; the saved ones when not given. */
  rules: z.array(z.unknown()).optional(),
})

const step = z.discriminatedUnion('do', [
  z.object({ do: z.literal('reply'), message: outgoingMessage }),
  z.object({ do: z.literal('handoff'), reason: z.string() }),
  z.object({ do: z.literal('transfer') }),
  z.object({ do: z.literal('tag'), name: z.string() }),
])
const explanation = z.object({
  /** The rule that answers and what it does; null when none does, so that people are asked. */
  answer: z.object({ rule: z.string(), steps: z.array(step) }).nullable(),
  /** All rules in their order, with what keeps each from answering. */
  rules: z.array(
    z.object({
      rule: z.string(),
      verdict: z.enum(['answers', 'too_late', 'no_match', 'disabled']),
      reasons: z.array(z.object({ path: z.string(), zh: z.string(), en: z.string() })),
    }),
  ),
})

/** Answers without code. */
export function ruleRoutes({
  rules,
  allowed,
  hasHandlers,
  store,
  now,
  addressOf,
}: RuleRoutesOptions): Route[] {
  /** Throws Refusal that names each rule and field that can't work. */
  function checked(set: z.output<typeof rulesInput>): RuleSet {
    const result = checkRules({ schedules: rules.set.schedules ?? [], ...set }, allowed)
    if (!result.ok) throw new Refusal('invalid', `The rules can’t work:\n${problemsText(result.problems)}`)
    return result.rules
  }

  return [
    route({
      method: 'GET',
      path: '/rules',
      summary: 'The rules, the first that matches answers; the ETag is their version.',
      access: 'agent',
      answer: ruleSetSchema,
      async handle({ ctx }) {
        ctx.set('etag', `"${rules.version}"`)
        return rules.set
      },
    }),
    route({
      method: 'PUT',
      path: '/rules',
      summary:
        'Puts these rules in the place of all others; with If-Match (an ETag) only where nobody has changed them since.',
      access: 'admin',
      body: rulesInput,
      bodyLimit: RULES_BYTES,
      answer: savedRules,
      async handle({ body, principal, ctx }) {
        if (principal.apps !== 'all')
          throw new Refusal('forbidden', 'The rules are those of all Mini Programs, and not all are yours.')
        checked(body)
        const warnings = await rules.replace(body, expectedVersion(ctx)).catch((error: unknown) => {
          if (error instanceof RulesChangedError) throw changedMeanwhile()
          throw error
        })
        ctx.set('etag', `"${rules.version}"`)
        await writeAudit(store.db, now(), {
          actor: principal,
          action: 'rules_changed',
          address: addressOf(ctx),
          detail: { rules: body.rules.length },
        })
        return { ...rules.set, warnings }
      },
    }),
    route({
      method: 'GET',
      path: '/rules/handlers',
      summary: 'Whether handlers in code (KEFU_BOT) are asked before the rules.',
      access: 'agent',
      answer: codeHandlers,
      handle: () => Promise.resolve({ present: hasHandlers }),
    }),
    route({
      method: 'POST',
      path: '/rules/test',
      summary:
        'Says which rule would answer a message, with what, and why each other would not. Nothing is sent.',
      access: 'agent',
      body: testInput,
      bodyLimit: RULES_BYTES,
      answer: explanation,
      async handle({ body }) {
        const compiled =
          body.rules === undefined ? rules.compiled : compileRules(checked({ rules: body.rules }))
        return explainRules(compiled, factsOf(body, now()))
      },
    }),
  ]
}

/** The version that is to be replaced; undefined for whichever there is. */
export function expectedVersion(ctx: Context): string | undefined {
  const given = ctx.get('if-match').trim()
  if (given === '' || given === '*') return undefined
  // A proxy that compresses answers makes an ETag weak.
  return given.replace(/^W\//, '').replace(/^"(.*)"$/, '$1')
}

function changedMeanwhile(): Refusal {
  return new Refusal(
    'conflict',
    'Somebody else has changed the rules since you read them, and nothing was saved. Read them again, or leave If-Match out to replace them all the same.',
  )
}

function factsOf({ message, sessionFrom, tags, name, at }: z.output<typeof testInput>, now: number): Facts {
  return {
    kind: message.msgType === 'event' ? 'event' : 'message',
    word: message.msgType === 'event' ? message.event : message.msgType,
    text: message.msgType === 'text' ? message.content.trim() : undefined,
    sessionFrom,
    tags,
    now: at ?? now,
    contact: { name },
  }
}
