import type { Bot, Sender } from '../../bot/index.js'
import type { Logger } from '../../log.js'
import type { Answer } from '../../wechat/index.js'
import { actionsOf, lookOnly, type ConversationActions } from '../conversation-context.js'
import { CodeRun, type Submit } from './code-run.js'
import type { Job } from './job.js'
import { isFinal } from './outcome.js'
import { MAX_ATTEMPTS } from './push-transaction.js'
import type { FinishStep, Opened } from './step.js'
import { FIRST_PAUSE_MS } from './worker.js'

export interface CodeStageOptions {
  /** Handlers in code, with the rules at their place among them. */
  readonly bot: Bot<ConversationActions>
  /** Shows "typing" and uploads pictures; messages go through the outbox. */
  readonly senderOf: (appId: string) => Sender | undefined
  readonly logger: Logger
  readonly wait: (milliseconds: number) => Promise<unknown>
}

/**
 * Runs handlers in code, which may take long, outside of any transaction. A run that a crash cuts off, or that throws,
 * is made again (`ctx.attempt`), and what it had queued is not queued twice.
 */
export class CodeStage {
  readonly #options: CodeStageOptions

  constructor(options: CodeStageOptions) {
    this.#options = options
  }

  /**
   * Runs the handlers until they end well or have had their tries; returns the step that ends the push, or its answer
   * where that needs no step, and undefined where the rest is left to the next start.
   */
  async run(
    job: Job,
    first: Opened,
    submit: Submit,
    isStopped: () => boolean,
  ): Promise<FinishStep | Answer | undefined> {
    const { bot, senderOf, logger, wait } = this.#options
    const { push, run } = job
    let opened = first
    for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
      const codeRun = new CodeRun({ submit, senderOf }, job, opened)
      const { attempt } = opened
      const handled = await bot.handle(push, {
        sender: codeRun,
        run,
        attempt,
        extension: actionsOf(codeRun),
        observed: false,
      })
      const { error } = handled
      if (!error || isFinal(error) || attempt >= MAX_ATTEMPTS) {
        if (handled.answer === 'success') job.onDecided?.('success')
        return codeRun.finish(handled)
      }
      logger.warn({ pushId: push.id, attempt, code: error.code }, error.message)
      await wait(pause)
      if (isStopped()) return undefined
      const received = await submit({ kind: 'receive', job: { ...job, attempts: attempt } })
      if (received.kind === 'answered') return received.answer
      if (received.kind === 'code') opened = received.opened
    }
  }

  /** Lets what only looks on see a push, beside all else. */
  observe(job: Job, seen: Pick<ConversationActions, 'contact' | 'conversation'>): void {
    if (this.#options.bot.hasObservers) void this.#options.bot.observe(job.push, lookOnly(seen))
  }
}
