import { ConfigError, HandlerError } from '../errors.js'
import { consoleLogger, type Logger } from '../log.js'
import type { Answer, Push } from '../wechat/index.js'
import { Composer, type Middleware } from './composer.js'
import { Context, newRun, type Run } from './context.js'
import { Replies } from './replies.js'
import type { Sender } from './sender.js'

export interface BotOptions {
  /**
   * Who carries replies: an Api, or a function that gives the one of a Mini Program. Where it gives none, a reply
   * throws ConfigError.
   */
  readonly api: Sender | ((appId: string) => Sender | undefined)
  /** How long the handlers of one push may take before the next of the same customer is handled; 60 000 when not given. */
  readonly handlerTimeoutMs?: number
  /** Where errors go that no `catch` takes; the console when not given. */
  readonly logger?: Logger
}

export interface HandleOptions<Extension = unknown> {
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
/** Beyond it setTimeout fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * A bot: handlers for pushes, in Koa's manner. It knows pushes and a sender, no HTTP and no database. Whoever
 * runs it may put more on the context (`Extension`): the service puts the conversation there.
 */
export class Bot<Extension = unknown> extends Composer<Context & Extension> {
  readonly #senderOf: (appId: string) => Sender | undefined
  readonly #timeoutMs: number
  readonly #logger: Logger
  readonly #handlers: Middleware<Context & Extension>
  /** The classes of its contexts, by the names of their extensions. */
  readonly #contexts = new Map<string, ExtendedContext>()
  #onError: ErrorHandler<Context & Extension> | undefined

  /** Throws ConfigError when `handlerTimeoutMs` is no time that a timer can wait. */
  constructor(options: BotOptions) {
    super()
    const { api, handlerTimeoutMs = HANDLER_TIMEOUT_MS, logger = consoleLogger } = options
    if (!(handlerTimeoutMs > 0 && handlerTimeoutMs <= LONGEST_TIMER_MS))
      throw new ConfigError(
        `handlerTimeoutMs is ${handlerTimeoutMs}: it must be between 1 and ${LONGEST_TIMER_MS} milliseconds.`,
      )
    this.#senderOf = typeof api === 'function' ? api : () => api
    this.#timeoutMs = handlerTimeoutMs
    this.#logger = logger
    this.#handlers = this.middleware()
  }

  /**
   * Takes what handlers throw. Without it errors are logged; in either case the push counts as handled. It may
   * reply, except after a timeout, and has as much time as the handlers had.
   */
  catch(handler: ErrorHandler<Context & Extension>): this {
    this.#onError = handler
    return this
  }

  /**
   * Runs the handlers over one push: the one entrance, for the webhook, tests and replays. Never rejects. It ends
   * after the replies that were begun, also those that no handler awaits; where such a one fails, `catch` is told.
   * It keeps no order and drops no repeats: an inbox does that.
   */
  async handle(push: Push, options: HandleOptions<Extension> = {}): Promise<Handled> {
    const run = options.run ?? newRun()
    const sender = options.sender ?? lazySender(() => this.#mustHaveSender(push.appId))
    const replies = new Replies((late) => {
      this.#logLate(late, ctx)
    })
    const attempt = options.attempt ?? 1
    const ctx = this.#contextOf(push, sender, { attempt, run, replies }, options.extension)
    let error: HandlerError | undefined
    for (const thrown of await this.#runHandlers(ctx, run, replies)) {
      error ??=
        thrown instanceof HandlerError
          ? thrown
          : new HandlerError('threw', 'A handler threw.', { cause: thrown })
      await this.#report(thrown, ctx, replies)
    }
    replies.end()
    return { answer: run.answer, replies: ctx.replies, error }
  }

  /** What the type says is there once whoever runs the bot gives what it was declared with. */
  #contextOf(
    push: Push,
    sender: Sender,
    options: ContextOptions,
    extension: Extension | undefined,
  ): Context & Extension {
    if (typeof extension !== 'object' || extension === null)
      return new Context(push, sender, options) as Context & Extension
    const names = Object.keys(extension)
    const key = names.join()
    const Extended = this.#contexts.get(key) ?? contextWith(names)
    this.#contexts.set(key, Extended)
    return new Extended(push, sender, options, extension) as Context & Extension
  }

  #mustHaveSender(appId: string): Sender {
    const sender = this.#senderOf(appId)
    if (!sender)
      throw new ConfigError(`The bot was given no api for the Mini Program ${appId}, so it can’t reply.`)
    return sender
  }

  /** Gives what was thrown: by the handlers, and by replies that they did not await. */
  async #runHandlers(ctx: Context & Extension, run: Run, replies: Replies): Promise<unknown[]> {
    const thrown: unknown[] = []
    const work = (async () => this.#handlers(ctx, nothing))()
      .catch((error: unknown) => {
        if (run.over) this.#logLate(error, ctx)
        else thrown.push(error)
      })
      .then(async () => thrown.push(...(await replies.settled())))
    if (await this.#inTime(work)) return thrown
    run.over = true
    replies.end()
    const words = `The handlers of this push took longer than ${this.#timeoutMs} ms; the next push goes on.`
    return [...thrown, new HandlerError('timeout', words)]
  }

  /** What refuses to go on after the time is over is as it should be; anything else must not be lost. */
  #logLate(late: unknown, ctx: Context): void {
    if (!(late instanceof HandlerError))
      this.#logger.error(fieldsOf(late, ctx), 'a handler failed after its time was over')
  }

  async #report(error: unknown, ctx: Context & Extension, replies: Replies): Promise<void> {
    if (!this.#onError) {
      this.#logger.error(fieldsOf(error, ctx), 'a handler failed')
      return
    }
    try {
      const onError = this.#onError
      const work = (async () => onError(error, ctx))().then(() => replies.settled())
      if (await this.#inTime(work)) {
        for (const second of await work)
          this.#logger.error(fieldsOf(second, ctx), 'bot.catch() itself failed')
        return
      }
      this.#logger.error(fieldsOf(error, ctx), `bot.catch() took longer than ${this.#timeoutMs} ms with this`)
    } catch (second) {
      this.#logger.error(fieldsOf(error, ctx), 'a handler failed')
      this.#logger.error(fieldsOf(second, ctx), 'bot.catch() itself failed')
    }
  }

  /** Waits for work, at most as long as handlers may take; gives whether it was done by then. */
  #inTime(work: Promise<unknown>): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, this.#timeoutMs, false)
      work
        .finally(() => {
          clearTimeout(timer)
        })
        .then(() => {
          resolve(true)
        }, reject)
    })
  }
}

type ContextOptions = ConstructorParameters<typeof Context>[2]

type ExtendedContext = new (push: Push, sender: Sender, options: ContextOptions, extension: object) => Context

/**
 * A context that shows what an extension has under these names, as it is when it is looked at. A class, as
 * properties defined on each context cost more than all else that a run does.
 */
function contextWith(names: readonly string[]): ExtendedContext {
  class Extended extends Context {
    readonly #extension: object

    constructor(...[push, sender, options, extension]: ConstructorParameters<ExtendedContext>) {
      super(push, sender, options)
      this.#extension = extension
    }

    static show(name: string): void {
      Object.defineProperty(this.prototype, name, {
        get(this: Extended) {
          return Reflect.get(this.#extension, name) as unknown
        },
      })
    }
  }
  for (const name of names) Extended.show(name)
  return Extended
}

/** Who replies is asked only at a reply: a Mini Program without a sender is then an error of the handler. */
function lazySender(senderOf: () => Sender): Sender {
  return {
    send: async (openId, message) => senderOf().send(openId, message),
    setTyping: async (openId, on) => senderOf().setTyping(openId, on),
  }
}

// `err` is the name under which pino writes an error out.
function fieldsOf(err: unknown, ctx: Context): object {
  return { err, appId: ctx.appId, openId: ctx.openId, pushId: ctx.push.id }
}

async function nothing(): Promise<void> {
  // what a chain runs into when every middleware called next()
}
