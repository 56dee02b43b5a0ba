import { parse as parseQuery } from 'node:querystring'
import type { Context as KoaContext, Middleware as KoaMiddleware } from 'koa'
import type { Bot } from '../bot/index.js'
import { ConfigError, DecodeError, SignatureError } from '../errors.js'
import { consoleLogger, type Logger } from '../log.js'
import {
  encodeAnswer,
  limits,
  pushDecoder,
  verifyUrl,
  type Answer,
  type Push,
  type PushDecoder,
  type PushQuery,
  type PushSecrets,
} from '../wechat/index.js'
import type { Accepted, Inbox } from './inbox.js'
import { MemoryInbox } from './memory-inbox.js'
import { rawBody } from './raw-body.js'
import { appsAt, checkOwner, forApp, lookupOf, withoutSlash, type AppLookup } from './recipient.js'

interface CommonOptions {
  /**
   * The path to answer at; any path when not given, which is right under a router or a mount. With several
   * Mini Programs each is at the path, and at the path followed by its appid.
   */
  readonly path?: string
  /** When to answer a push whose handlers are still at work, in milliseconds; 4500 when not given. WeChat waits 5 s. */
  readonly deadlineMs?: number
  /** Where refused pushes go, with the likely cause; the console when not given. */
  readonly logger?: Logger
  /** The clock, in milliseconds since 1970: for tests. */
  readonly now?: () => number
  /** Told that the URL was asked for, as when it is saved at mp.weixin.qq.com, and answered. */
  readonly onVerified?: (appId: string, query: PushQuery) => void
  /** Told of each request that was refused; without an appid where none can be said. */
  readonly onRefused?: (problem: SignatureError | DecodeError, request: RefusedRequest) => void
}

/** A request that is not shown to be WeChat's, or can't be read. */
export interface RefusedRequest {
  readonly method: string
  readonly appId: string | undefined
  readonly query: PushQuery
}

/** One Mini Program's secrets, several Mini Programs', or a look-up where they come and go. */
export type WebhookOptions = CommonOptions &
  (PushSecrets | { readonly apps: readonly PushSecrets[] | AppLookup })

const DEADLINE_MS = 4500
const WECHAT_WAITS_MS = limits.pushTimeoutSeconds * 1000

/**
 * Koa middleware that answers WeChat: GET with the echostr, POST with what the bot decides, in time. Each push
 * is verified, decrypted, known if it is a repeat, and handled in its conversation's order.
 * Throws ConfigError when the options can't work.
 */
export function webhook(target: Bot | Inbox, options: WebhookOptions): KoaMiddleware {
  const inbox = 'accept' in target ? target : new MemoryInbox(target)
  const lookup = lookupOf('apps' in options ? options.apps : [options])
  const { deadlineMs = DEADLINE_MS, logger = consoleLogger, now = Date.now } = options
  if (!(deadlineMs > 0 && deadlineMs < WECHAT_WAITS_MS))
    throw new ConfigError(
      `deadlineMs is ${deadlineMs}: it must be between 1 and the ${WECHAT_WAITS_MS} that WeChat waits.`,
    )
  if (options.path?.startsWith('/') === false)
    throw new ConfigError(`path is ${JSON.stringify(options.path)}: it must start with a slash.`)
  const path = options.path === undefined ? undefined : withoutSlash(options.path)

  const decoders = new WeakMap<PushSecrets, PushDecoder>()

  function decoderOf(app: PushSecrets): PushDecoder {
    const decoder = decoders.get(app) ?? pushDecoder(app)
    decoders.set(app, decoder)
    return decoder
  }

  return async (ctx, next) => {
    const here = appsAt(withoutSlash(ctx.path), path, lookup)
    if (here.length === 0) {
      await next()
      return
    }
    try {
      if (ctx.method === 'GET') {
        const verified = forApp(here, (app) => verifyUrl(ctx.query, app, now()))
        if ('error' in verified) refuse(ctx, verified.error, verified.appId)
        else {
          say(ctx, 200, verified.value)
          options.onVerified?.(verified.app.appId, ctx.query)
        }
      } else if (ctx.method === 'POST') {
        await receive(ctx, here)
      } else {
        ctx.set('Allow', 'GET, POST')
        say(ctx, 405, 'method not allowed')
      }
    } catch (error) {
      refuse(ctx, error)
    }
  }

  async function receive(ctx: KoaContext, here: readonly PushSecrets[]): Promise<void> {
    const deadline = new Deadline(deadlineMs)
    try {
      const body = await deadline.race(rawBody(ctx.req, ctx.request))
      if (body === late) throw new DecodeError('format', 'The push’s body did not arrive in time.')
      // Not ctx.query: Koa keeps each query string that it has met, and no two pushes have the same.
      const query = parseQuery(ctx.querystring)
      const decoded = forApp(here, (app) => decoderOf(app)(body, query, now()))
      if ('error' in decoded) {
        refuse(ctx, decoded.error, decoded.appId)
        return
      }
      const { app, value: push } = decoded
      checkOwner(push, app, here)
      const answer = await answerFor(push, deadline)
      if (answer === undefined) say(ctx, 500, 'try again')
      else {
        const encoded = encodeAnswer(answer, push, app, now())
        say(ctx, 200, encoded.body, encoded.contentType)
      }
    } finally {
      deadline.clear()
    }
  }

  /** The answer to a push; undefined when the push could not be taken over. */
  async function answerFor(push: Push, deadline: Deadline): Promise<Answer | undefined> {
    const fields = { appId: push.appId, pushId: push.id }
    let accepted: Accepted | typeof late
    try {
      const accepting = inbox.accept(push)
      accepted = await deadline.race(accepting)
      if (accepted === late) {
        logger.error(fields, 'a push was not safe in time; WeChat will try again')
        // Nobody waits for it any more, and what nobody waits for must not end the process.
        accepting
          .then(({ answer }) => answer)
          .catch((err: unknown) => {
            logger.error({ ...fields, err }, 'the push that was not safe in time failed')
          })
        return undefined
      }
    } catch (err) {
      logger.error({ ...fields, err }, 'a push could not be taken; WeChat will try again')
      return undefined
    }
    const { run } = accepted
    try {
      const answer = await deadline.race(accepted.answer)
      return answer === late ? run.answer : answer
    } catch (err) {
      // It is safe, so WeChat need not send it again.
      logger.error({ ...fields, err }, 'a push was taken and its answer failed')
      return run.answer
    } finally {
      run.answered = true
    }
  }

  function refuse(ctx: KoaContext, error: unknown, appId?: string): void {
    const fields = { method: ctx.method, ...(appId === undefined ? {} : { appId }) }
    if (error instanceof SignatureError) say(ctx, 403, 'forbidden')
    else if (error instanceof DecodeError) {
      const tooLarge = error.code === 'too_large'
      say(ctx, tooLarge ? 413 : 400, tooLarge ? 'too large' : 'bad request')
      // What is left of the body is not worth reading.
      if (!ctx.req.complete) ctx.set('Connection', 'close')
    } else if (error instanceof ConfigError) {
      say(ctx, 500, 'misconfigured')
      logger.error(fields, error.message)
      return
    } else throw error
    logger.warn({ ...fields, status: ctx.status, code: error.code }, error.message)
    options.onRefused?.(error, { method: ctx.method, appId, query: parseQuery(ctx.querystring) })
  }
}

function say(ctx: KoaContext, status: number, text: string, contentType = 'text/plain'): void {
  ctx.set('X-Content-Type-Options', 'nosniff')
  ctx.status = status
  ctx.type = contentType
  ctx.body = text
}

const late = Symbol('late')

/** One timer for all that must be done before a push is answered, one thing after the other. */
class Deadline {
  readonly #timer: NodeJS.Timeout
  #passed = false
  /** Ends the wait that is on. */
  #pass: ((value: typeof late) => void) | undefined

  constructor(milliseconds: number) {
    this.#timer = setTimeout(() => {
      this.#passed = true
      this.#pass?.(late)
    }, milliseconds)
  }

  race<T>(work: Promise<T>): Promise<T | typeof late> {
    return new Promise((resolve, reject) => {
      this.#pass = resolve
      work.then(resolve, reject)
      if (this.#passed) resolve(late)
    })
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}
