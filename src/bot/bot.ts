import { HandlerError } from '../errors.js'
import { consoleLogger, type Logger } from '../log.js'
import type { Answer, Push } from '../wechat/index.js'
import { Composer, type Middleware } from './composer.js'
import { Context, type Run } from './context.js'
import type { Sender } from './sender.js'

export interface BotOptions {
  /** Who carries replies: an Api, or a function that gives the one of a Mini Program. */
  readonly api: Sender | ((appId: string) => Sender)
  /** How long the handlers of one push may take before the next of the same customer is handled; 60 000 when not given. */
  readonly handlerTimeoutMs?: number
  /** Where errors go that no `catch` takes; the console when not given. */
  readonly logger?: Logger
}

export interface HandleOptions<Extension extends object = object> {
  /** What else the handlers find on their context: what the bot was declared with. */
  readonly extension?: Extension
  /** 1 when not given; more when an earlier run of the same push was cut off. */
  readonly attempt?: number
  /** Who carries the replies of this run, instead of the bot's own. */
  readonly sender?: Sender
  /** Tells the run when the push has been answered. */
  readonly run?: Run
}

/** What came of handling a push. */
export interface Handled {
  readonly answer: Answer
  /** How many messages were sent in reply. */
  readonly replies: number
  /** What a handler threw, or that it took too long; `catch` has been told. */
  readonly error: HandlerError | undefined
}

export type ErrorHandler<C extends Context = Context> = (error: unknown, ctx: C) => unknown

const HANDLER_TIMEOUT_MS = 60_000

/**
 * A bot: handlers for pushes, in Koa's manner. It knows pushes and a sender, no HTTP and no database. Whoever
 * runs it may put more on the context (`Extension`): the service puts the conversation there.
 */
export class Bot<Extension extends object = object> extends Composer<Context & Extension> {
  readonly #senderOf: (appId: string) => Sender
  readonly #timeoutMs: number
  readonly #logger: Logger
  readonly #handlers: Middleware<Context & Extension>
  #onError: ErrorHandler<Context & Extension> | undefined

  constructor(options: BotOptions) {
    super()
    const { api } = options
    this.#senderOf = typeof api === 'function' ? api : () => api
    this.#timeoutMs = options.handlerTimeoutMs ?? HANDLER_TIMEOUT_MS
    this.#logger = options.logger ?? consoleLogger
    this.#handlers = this.middleware()
  }

  /** Takes what handlers throw. Without it errors are logged; in either case the push counts as handled. */
  catch(handler: ErrorHandler<Context & Extension>): this {
    this.#onError = handler
    return this
  }

  /**
   * Runs the handlers over one push: the one entrance, for the webhook, tests and replays. Never rejects.
   * It keeps no order and drops no repeats: an inbox does that.
   */
  async handle(push: Push, options: HandleOptions<Extension> = {}): Promise<Handled> {
    const run = options.run ?? { answered: false, over: false }
    const sender = options.sender ?? this.#senderOf(push.appId)
    const ctx = extend(new Context(push, sender, { attempt: options.attempt ?? 1, run }), options.extension)
    try {
      await this.#inTime(ctx, run)
      return handled(ctx, undefined)
    } catch (error) {
      await this.#report(error, ctx)
      return handled(
        ctx,
        error instanceof HandlerError
          ? error
          : new HandlerError('threw', 'A handler threw.', { cause: error }),
      )
    }
  }

  async #inTime(ctx: Context & Extension, run: Run): Promise<void> {
    const work = Promise.resolve(this.#handlers(ctx, nothing))
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        run.over = true
        reject(
          new HandlerError(
            'timeout',
            `The handlers of this push took longer than ${this.#timeoutMs} ms; the next push goes on.`,
          ),
        )
      }, this.#timeoutMs)
    })
    try {
      await Promise.race([work, timeout])
    } finally {
      clearTimeout(timer)
    }
  }

  async #report(error: unknown, ctx: Context & Extension): Promise<void> {
    const fields = { error, appId: ctx.appId, openId: ctx.openId, pushId: ctx.push.id }
    if (!this.#onError) {
      this.#logger.error(fields, 'a handler failed')
      return
    }
    try {
      await this.#onError(error, ctx)
    } catch (second) {
      this.#logger.error({ ...fields, error: second }, 'bot.catch() itself failed')
    }
  }
}

/** What the type says is there once whoever runs the bot gives what it was declared with. */
function extend<Extension extends object>(
  ctx: Context,
  extension: Extension | undefined,
): Context & Extension {
  return Object.assign<Context, Extension>(ctx, (extension ?? {}) as Extension)
}

function handled(ctx: Context, error: HandlerError | undefined): Handled {
  return { answer: ctx.transferred ? 'transfer' : 'success', replies: ctx.replies, error }
}

async function nothing(): Promise<void> {
  // what a chain runs into when every middleware called next()
}
