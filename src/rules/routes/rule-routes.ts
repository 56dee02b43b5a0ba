import type { Context } from 'koa'
import { z } from 'zod'
import { isAdmin, type Principal } from '../../http/principal.js'
import { HttpError, httpErrorFor } from '../../http/http-error.js'
import { route, type Route } from '../../http/route.js'
import { writeAudit } from '../../people/audit.js'
import { ConfigError } from '../../errors.js'
import { codeHandlers } from '../schemas/answer-view.js'
import { outgoingMessage } from '../../http/schemas/outgoing-message.js'
import { factsOfTried, triedFacts, type Facts } from '../facts.js'
import { ruleSetSchema } from '../rule-set.js'
import type { Store } from '../../store/index.js'
import { incomingTypes, limits } from '../../wechat/index.js'
import { BusyError, RulesChangedError, type RuleBook } from '../rule-book.js'
import type { Problem } from '../rule-problem.js'

export interface RuleRoutesOptions {
  readonly rules: RuleBook
  /** Whether handlers in code stand before the rules. */
  readonly hasHandlers: boolean
  readonly store: Store
  readonly now: () => number
  readonly addressOf: (ctx: Context) => string
}

/** Thousands of rules; no route but those of pictures and files takes more. */
const RULES_BYTES = 1024 * 1024

const problem = z.object({
  rule: z.string().nullable(),
  /** Where, such as `rules[2].when.text`, and the same as its parts. */
  path: z.string(),
  at: z.array(z.union([z.string(), z.int()])),
  message: z.string(),
  /** A stable word for what is doubtful, and the values that a sentence about it needs. */
  code: z.string(),
  params: z.record(z.string(), z.unknown()),
})
/** The rules' own check names the rule and the field of what is wrong. */
const rulesInput = z.object({
  rules: z.array(z.unknown()).max(10_000),
  schedules: z.array(z.unknown()).exactOptional(),
})
const savedRules = ruleSetSchema.extend({ warnings: z.array(problem) })
const checkInput = rulesInput.pick({ rules: true })
const checkedRules = z.object({ warnings: z.array(problem) })

const message = z.discriminatedUnion('msgType', [
  z.strictObject({
    msgType: z.literal('text'),
    content: z
      .string()
      .refine(
        (text) => Buffer.byteLength(text) <= limits.textBytes,
        `must be at most ${limits.textBytes} bytes, as a message of WeChat’s`,
      ),
  }),
  z.strictObject({ msgType: z.enum(incomingTypes.filter((type) => type !== 'text')) }),
  z.strictObject({ msgType: z.literal('event'), event: z.string().regex(/^\w{1,64}$/) }),
])
const testInput = z.strictObject({
  message,
  ...triedFacts.shape,
  /** Rules to try before they are saved; the saved ones when not given. */
  rules: z.array(z.unknown()).max(10_000).optional(),
})

const step = z.discriminatedUnion('do', [
  z.object({ do: z.literal('reply'), message: outgoingMessage }),
  z.object({ do: z.literal('handoff'), reason: z.string() }),
  z.object({ do: z.literal('transfer') }),
  z.object({ do: z.literal('tag'), name: z.string() }),
  z.object({ do: z.literal('assist'), assistant: z.string() }),
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
export function ruleRoutes({ rules, hasHandlers, store, now, addressOf }: RuleRoutesOptions): Route[] {
  /** Rules are those of all Mini Programs: who may see only some of these sees none of them. */
  function mustSeeAll({ apps }: Principal): void {
    if (apps !== 'all')
      throw httpErrorFor(
        'rules_of_all',
        'forbidden',
        'The rules are those of all Mini Programs, and not all are yours.',
      )
  }

  return [
    route({
      method: 'GET',
      path: '/rules',
      summary: 'The rules, the first that matches answers; the ETag is their version.',
      access: 'agent',
      response: ruleSetSchema,
      async handle({ principal, ctx }) {
        mustSeeAll(principal)
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
      response: savedRules,
      async handle({ body, principal, ctx }) {
        mustSeeAll(principal)
        const warnings = await rules.replace(body, expectedVersion(ctx)).catch((error: unknown) => {
          if (error instanceof RulesChangedError) throw changedMeanwhile()
          throw refusalOf(error)
        })
        ctx.set('etag', `"${rules.version}"`)
        await writeAudit(store.db, now(), {
          actor: principal,
          action: 'rules_changed',
          address: addressOf(ctx),
          detail: { rules: body.rules.length },
        })
        return { ...rules.set, warnings: shown(warnings) }
      },
    }),
    route({
      method: 'POST',
      path: '/rules/check',
      summary: 'Says what is wrong with these rules, as saving them would. Nothing is saved.',
      access: 'admin',
      body: checkInput,
      bodyLimit: RULES_BYTES,
      response: checkedRules,
      async handle({ body, principal }) {
        mustSeeAll(principal)
        const warnings = await rules.check(body.rules).catch((error: unknown) => {
          throw refusalOf(error)
        })
        return { warnings: shown(warnings) }
      },
    }),
    route({
      method: 'GET',
      path: '/rules/handlers',
      summary: 'Whether handlers in code (KEFU_BOT) are asked before the rules.',
      access: 'agent',
      response: codeHandlers,
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
      response: explanation,
      async handle({ body, principal }) {
        mustSeeAll(principal)
        if (body.rules !== undefined && !isAdmin(principal))
          throw httpErrorFor(
            'admin_only',
            'forbidden',
            'Only an admin may try rules that are not saved; leave "rules" out to try the saved ones.',
          )
        const own = body.rules && { schedules: rules.set.schedules ?? [], rules: body.rules }
        return rules.explain(factsOfTried(tried(body.message), body, now()), own).catch((error: unknown) => {
          throw refusalOf(error)
        })
      },
    }),
  ]
}

function shown(warnings: readonly Problem[]): z.input<typeof problem>[] {
  return warnings.map(({ params, at, ...warning }) => ({ ...warning, at: [...at], params: { ...params } }))
}

/** Returns the refusal of the rules' own check, in the contract's form. */
function refusalOf(error: unknown): unknown {
  if (error instanceof ConfigError) return new HttpError('invalid', error.message, {}, error.refusal)
  return error instanceof BusyError ? new HttpError('unavailable', error.message) : error
}

/** The version that is to be replaced; undefined for whichever there is. */
export function expectedVersion(ctx: Context): string | undefined {
  const given = ctx.get('if-match').trim()
  if (given === '' || given === '*') return undefined
  // A proxy that compresses answers makes an ETag weak.
  return given.replace(/^W\//, '').replace(/^"(.*)"$/, '$1')
}

function changedMeanwhile(): HttpError {
  return httpErrorFor(
    'rules_changed',
    'conflict',
    'Somebody else has changed the rules since you read them, and nothing was saved. Read them again, or leave If-Match out to replace them all the same.',
  )
}

function tried(message: z.output<typeof testInput>['message']): Pick<Facts, 'kind' | 'word' | 'text'> {
  return {
    kind: message.msgType === 'event' ? 'event' : 'message',
    word: message.msgType === 'event' ? message.event : message.msgType,
    text: message.msgType === 'text' ? message.content.trim() : undefined,
  }
}
