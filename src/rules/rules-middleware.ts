import { wordOf, type Middleware } from '../bot/index.js'
import type { ConversationContext } from '../conversation/conversing.js'
import type { IncomingMessage } from '../wechat/index.js'
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

/** Whether these rules may transfer a message: what its answer to WeChat may have to wait for. */
export function mayTransfer(compiled: CompiledRules, message: IncomingMessage): boolean {
  return compiled.mayTransfer({
    word: wordOf(message),
    text: message.msgType === 'text' ? message.content.trim() : undefined,
  })
}
