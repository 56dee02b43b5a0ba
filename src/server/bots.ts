import { Bot, type Reach } from '../bot/index.js'
import type { CodeFilter, ConversationActions, ConversationContext } from '../conversation/index.js'
import type { Logger } from '../log.js'
import { Foresight, type ForeseenOf } from '../rules/foresight.js'
import type { RuleBook } from '../rules/rule-book.js'
import { rules } from '../rules/rules-middleware.js'
import type { Incoming, Push } from '../wechat/index.js'
import type { BotModule } from './bot-module.js'
import { countRefusals, reportTo } from './metered.js'
import type { Metrics } from './metrics.js'

export interface BotsOptions {
  readonly rules: Pick<RuleBook, 'compiled'>
  readonly metrics: Metrics
  readonly logger: Logger
  readonly now: () => number
}

/** Who answers. */
export interface Bots {
  /** Rules alone: they wait for nothing. */
  readonly byRules: Bot<ConversationActions>
  readonly foresight: Foresight
  /** Handlers in code, with the rules between those before and those behind; undefined where there are none. */
  readonly code: (CodeFilter & { readonly bot: Bot<ConversationActions> }) | undefined
}

/** Puts rules and handlers in code into their order: those of the default export, the rules, those of `after`. */
export async function createBots(
  { before, after }: BotModule,
  { rules: ruleBook, metrics, logger, now }: BotsOptions,
): Promise<Bots> {
  const onTooMany = ({ appId }: Push): void => {
    logger.warn({ appId }, 'the rules would take too long for a message, so it is given to people')
  }
  const newBot = (): Bot<ConversationActions> =>
    new Bot<ConversationActions>({ api: nobody }).use(countRefusals(metrics)).catch(reportTo(logger))
  const rulesWith = (foreseen?: ForeseenOf): ReturnType<typeof rules> =>
    rules(() => ruleBook.compiled, { now, foreseen, onTooMany })

  // Finds the messages that take the rules long, before the transaction that many pushes share.
  const foresight = new Foresight(() => ruleBook.compiled)
  const byRules = newBot().use(rulesWith(foresight.of))
  if (!before && !after) return { byRules, foresight, code: undefined }

  const bot = newBot()
  const start = bot.size
  await before?.(bot)
  const end = bot.size
  bot.use(rulesWith())
  await after?.(bot)
  return { byRules, foresight, code: { bot, ...filterOf(bot, bot.reach(start, end), bot.reach(end + 1)) } }
}

function filterOf(
  bot: Bot<ConversationActions>,
  first: Reach<ConversationContext>,
  rest: Reach<ConversationContext>,
): CodeFilter {
  return {
    mayTake: (payload: Incoming) => first.ofPayload(payload) || rest.ofPayload(payload),
    takesFirst: (push, actions) => bot.mayHandle(push, first, actions),
    takesRest: (push, actions) => bot.mayHandle(push, rest, actions),
  }
}

/** Each run of a bot is given its own sender. */
const nobody = (): never => {
  throw new Error('a run of the bot has no sender')
}
