import type { Middleware } from '../bot/index.js'
import type { ConversationContext } from '../conversation/conversation-context.js'
import type { HandoffReason } from '../protocol/reasons.js'
import type { IncomingMessage, Push } from '../wechat/index.js'
import type { Answering, CompiledRules } from './compile.js'
import { factsOf } from './facts.js'
import { messageFactsOf, type ForeseenOf } from './foresight.js'
import { inSlices, MESSAGE_STEPS, nextTurn, Steps, TooManySteps } from './steps.js'
import { ruleAuthor } from '../protocol/author.js'

export interface RulesOptions {
  readonly now: () => number
  /** Facts that are known beforehand; the open rest may take a few steps only, since others wait meanwhile. */
  readonly foreseen?: ForeseenOf | undefined
  /** Told of each message that the rules would take too long for. */
  readonly onTooMany?: ((push: Push) => void) | undefined
  readonly pause?: () => Promise<unknown>
}

/** Steps that a message may take in a transaction, beside those that were foreseen. */
const LEFT_OPEN_STEPS = 100_000
/** Why a message is given to people that the rules would take too long for. */
export const TOO_MANY_STEPS = 'rules_too_long' satisfies HandoffReason

/**
 * The rules as a bot's middleware: the first that matches does what it says, and what is registered behind runs
 * only when none does. `getRules` is asked for each push, so that a change of the rules needs no restart.
 */
export function rules(
  getRules: () => CompiledRules,
  { now, foreseen, onTooMany, pause = nextTurn }: RulesOptions,
): Middleware<ConversationContext> {
  const slice = { used: 0 }

  async function answering(ctx: ConversationContext): Promise<Answering | undefined> {
    const compiled = getRules()
    const known = foreseen?.(ctx.push)
    if (known === 'too_many') throw new TooManySteps()
    const steps = new Steps(foreseen ? LEFT_OPEN_STEPS : MESSAGE_STEPS, slice)
    const seen = known?.rules === compiled ? known.seen : undefined
    return inSlices(compiled.answering(factsOf(ctx, now()), steps, seen), steps, pause)
  }

  return async (ctx, next) => {
    let answer: Answering | undefined
    try {
      answer = await answering(ctx)
    } catch (error) {
      if (!(error instanceof TooManySteps)) throw error
      onTooMany?.(ctx.push)
      if (!ctx.event) ctx.handoff(TOO_MANY_STEPS)
      return
    }
    if (!answer) return next()
    ctx.answersAs(ruleAuthor(answer.rule.name))
    if (answer.rule.silent) ctx.stayedSilent()
    // A reply beside a transfer can't be sent in a sub-merchant's session; the transfer works.
    const isUnsayable = ctx.businessId !== undefined && answer.steps.some((step) => step.do === 'transfer')
    for (const step of answer.steps) {
      switch (step.do) {
        case 'reply':
          if (!isUnsayable) await ctx.reply(step.message)
          break
        case 'transfer':
          ctx.transfer()
          break
        case 'handoff':
          ctx.handoff(step.reason)
          break
        case 'tag':
          ctx.tag(step.name)
          break
        case 'assist':
          ctx.assist(step.assistant)
          break
      }
    }
  }
}

/** Whether these rules may transfer a message: what its answer to WeChat may have to wait for. */
export function mayTransfer(compiled: CompiledRules, message: IncomingMessage): boolean {
  return compiled.mayTransfer(messageFactsOf(message))
}
