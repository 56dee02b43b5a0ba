import { ConfigError, HandlerError } from '../errors.js'
import { consoleLogger, type Logger } from '../log.js'
import type { Answer, Push } from '../wechat/index.js'
import { Composer, type Middleware } from './composer.js'
import { Context, newRun, type ContextOptions, type Run } from './context.js'
import type { Reach } from './reach.js'
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
  /** More members of the handlers' context, as the bot was declared with. */
  readonly extension?: Extension
  /** 1 when not given; more when an earlier run of the same push was cut off. */
  readonly attempt?: number
  /** Who carries the replies of this run, instead of the bot's own. */
  readonly sender?: Sender
  /** Tells the run when the push has been answered. */
  readonly run?: Run
  /** Whether what only looks on runs as well; true when not given. */
  readonly observed?: boolean
}

/** The result of handling a push. */
export interface Handled {
  readonly answer: Answer
  /** How many messages were sent in reply. */
  readonly replies: number
  /** The error that a handler threw, or that it took too long; `catch` got it. */
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
   * It keeps no order and drops no repeats: an inbox does that. No handler is run for a push that can't be read.
   */
  async handle(push: Push, options: HandleOptions<Extension> = {}): Promise<Handled> {
    const run = options.run ?? newRun()
    if (push.unreadable) return { answer: run.answer, replies: 0, error: undefined }
    const sender = options.sender ?? lazySender(() => this.#mustHaveSender(push.appId))
    const replies = new Replies((late) => {
      this.#logLate(late, ctx)
    })
    if (options.observed !== false && this.hasObservers) void this.observe(push, options.extension)
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

  /** Returns whether what `reach` stands for may do something with a push. Runs no handler, only conditions. */
  mayHandle(push: Push, reach: Reach<Context & Extension>, extension?: Extension): boolean {
    if (push.unreadable || !reach.ofPayload(push.payload)) return false
    return reach.ofContext(this.#looking(push, extension))
  }

  /** Runs what only looks on over one push. Never rejects: `catch` is told of errors. */
  async observe(push: Push, extension?: Extension): Promise<void> {
    if (push.unreadable || !this.hasObservers) return
    const ctx = this.#looking(push, extension)
    try {
      await this.runObservers(ctx)
    } catch (error) {
      await this.#report(error, ctx, new Replies(() => undefined))
    }
  }

  #looking(push: Push, extension: Extension | undefined): Context & Extension {
    return this.#contextOf(push, deaf, { attempt: 1, run: newRun(), observes: true }, extension)
  }

  /** Makes the context. It is as its type says where the caller gives the extension that the bot was declared with. */
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
    const work = async (): Promise<void> => {
      try {
        await this.#handlers(ctx, nothing)
      } catch (error) {
        if (run.over) this.#logLate(error, ctx)
        else thrown.push(error)
      }
      thrown.push(...(await replies.settled()))
    }
    if (await this.#inTime(work())) return thrown
    run.over = true
    replies.end()
    const words = `The handlers of this push took longer than ${this.#timeoutMs} ms; the next push goes on.`
    return [...thrown, new HandlerError('timeout', words)]
  }

  /** Logs an error that came after the time was over; a HandlerError is only the refusal to go on. */
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

  /** Waits until work is done or has failed, at most as long as handlers may take; gives whether it was by then. */
  #inTime(work: Promise<unknown>): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#timeoutMs, false)
      const settled = (): void => {
        clearTimeout(timer)
        resolve(true)
      }
      work.then(settled, settled)
    })
  }
}

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

/** Of a context that nothing can be answered with. */
const deaf: Sender = { send: async () => undefined, setTyping: async () => undefined }

/** Who replies is asked only at a reply: a Mini Program without a sender is then an error of the handler. */
function lazySender(senderOf: () => Sender): Sender {
  return {
    send: async (openId, message) => senderOf().send(openId, message),
    setTyping: async (openId, on) => senderOf().setTyping(openId, on),
    async uploadTempMedia(file) {
      const sender = senderOf()
      if (!sender.uploadTempMedia)
        throw new HandlerError('misuse', 'ctx.reply() was given a file, and the bot’s api can’t upload.')
      return sender.uploadTempMedia(file)
    },
  }
}

// `err` is the name under which pino writes an error out.
function fieldsOf(err: unknown, ctx: Context): object {
  return { err, appId: ctx.appId, openId: ctx.openId, pushId: ctx.push.id }
}

async function nothing(): Promise<void> {
  // what a chain runs into when every middleware called next()
}
