import type { Middleware } from '../bot/index.js'
import type { ConversationContext } from '../conversation/conversing.js'
import type { CompiledRules } from './compile.js'
import { factsOf } from './facts.js'

/**
 * The rules as a bot's middleware: the first that matches does what it says, and what is registered behind runs
 * only when none does. `getRules` is asked for each push, so that a change of the rules needs no restart.
 */
export function rules(
  getRules: () => CompiledRules,
  { now }: { now: () => number },
): Middleware<ConversationContext> {
  return async (ctx, next) => {
    const facts = factsOf(ctx, now())
    const rule = getRules().decide(facts)
    if (!rule) return next()
    ctx.answersAs(`rule:${rule.name}`)
    if (rule.silent) ctx.stayedSilent()
    for (const step of rule.stepsFor(facts)) {
      switch (step.do) {
        case 'reply':
          await ctx.reply(step.message)
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
      }
    }
  }
}
