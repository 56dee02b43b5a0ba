import type { Context as KoaContext, Middleware as KoaMiddleware } from 'koa'
import type { Bot } from '../bot/index.js'
import { ConfigError, DecodeError, SignatureError } from '../errors.js'
import { consoleLogger, type Logger } from '../log.js'
import {
  checkPushSecrets,
  decodePush,
  encodeAnswer,
  verifyUrl,
  type Answer,
  type Push,
  type PushSecrets,
} from '../wechat/index.js'
import type { Inbox } from './inbox.js'
import { MemoryInbox } from './memory-inbox.js'
import { rawBody } from './raw-body.js'

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
}

/**
 * Looks Mini Programs up at each request: the one of an appid that stands behind the path, or, without an
 * appid, all that the bare path is for. None means that the path is nobody's.
 */
export type AppLookup = (appId: string | undefined) => readonly PushSecrets[]

/** One Mini Program's secrets, several Mini Programs', or a look-up where they come and go. */
export type WebhookOptions = CommonOptions &
  (PushSecrets | { readonly apps: readonly PushSecrets[] | AppLookup })

const DEADLINE_MS = 4500

/**
 * Koa middleware that answers WeChat: GET with the echostr, POST with what the bot decides, in time. Each push
 * is verified, decrypted, known if it is a repeat, and handled in its conversation's order.
 * Throws ConfigError when the secrets can't work.
 */
export function webhook(target: Bot | Inbox, options: WebhookOptions): KoaMiddleware {
  const inbox = 'accept' in target ? target : new MemoryInbox(target)
  const lookup = lookupOf('apps' in options ? options.apps : [options])
  const { path, deadlineMs = DEADLINE_MS, logger = consoleLogger, now = Date.now } = options

  return async (ctx, next) => {
    const here = appsAt(ctx.path, path, lookup)
    if (here.length === 0) {
      await next()
      return
    }
    ctx.set('X-Content-Type-Options', 'nosniff')
    try {
      if (ctx.method === 'GET') {
        say(ctx, 200, forApp(here, (app) => verifyUrl(ctx.query, app, now())).value)
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
      const { app, value: push } = forApp(here, (each) => decodePush(body, ctx.query, each, now()))
      const answer = await answerFor(push, deadline)
      if (answer === undefined) say(ctx, 500, 'try again')
      else {
        const encoded = encodeAnswer(answer, push, app, now())
        ctx.type = encoded.contentType
        ctx.body = encoded.body
      }
    } finally {
      deadline.clear()
    }
  }

  /** The answer to a push; undefined when the push could not be taken over. */
  async function answerFor(push: Push, deadline: Deadline): Promise<Answer | undefined> {
    const fields = { appId: push.appId, pushId: push.id }
    try {
      const accepted = await deadline.race(inbox.accept(push))
      if (accepted === late) {
        logger.error(fields, 'a push was not safe in time; WeChat will try again')
        return undefined
      }
      const answer = await deadline.race(accepted.answer)
      accepted.run.answered = true
      return answer === late ? 'success' : answer
    } catch (error) {
      logger.error({ ...fields, error }, 'a push could not be taken; WeChat will try again')
      return undefined
    }
  }

  function refuse(ctx: KoaContext, error: unknown): void {
    if (error instanceof SignatureError) say(ctx, 403, 'forbidden')
    else if (error instanceof DecodeError) {
      const tooLarge = error.code === 'too_large'
      say(ctx, tooLarge ? 413 : 400, tooLarge ? 'too large' : 'bad request')
      // What is left of the body is not worth reading.
      if (!ctx.req.complete) ctx.set('Connection', 'close')
    } else if (error instanceof ConfigError) {
      say(ctx, 500, 'misconfigured')
      logger.error({ method: ctx.method }, error.message)
      return
    } else throw error
    logger.warn({ method: ctx.method, status: ctx.status, code: error.code }, error.message)
  }
}

function say(ctx: KoaContext, status: number, text: string): void {
  ctx.status = status
  ctx.type = 'text/plain; charset=utf-8'
  ctx.body = text
}

/** Given apps are checked now, so that what can't work is known before the first push. */
function lookupOf(apps: readonly PushSecrets[] | AppLookup): AppLookup {
  if (typeof apps === 'function') return apps
  if (apps.length === 0) throw new ConfigError('webhook() needs at least one Mini Program in apps.')
  apps.forEach(checkPushSecrets)
  return (appId) => (appId === undefined ? apps : apps.filter((app) => app.appId === appId))
}

/** The Mini Programs that a path stands for; none when it is not ours. */
function appsAt(path: string, base: string | undefined, lookup: AppLookup): readonly PushSecrets[] {
  if (base === undefined || path === base) return lookup(undefined)
  return path.startsWith(`${base}/`) ? lookup(path.slice(base.length + 1)) : []
}

/** Does for the Mini Program whose secrets fit; when none do, throws the error of the one that fitted best. */
function forApp<T>(
  apps: readonly PushSecrets[],
  attempt: (app: PushSecrets) => T,
): { app: PushSecrets; value: T } {
  let best: unknown
  for (const app of apps)
    try {
      return { app, value: attempt(app) }
    } catch (error) {
      // Signed for this one but not readable says more than not signed for another.
      if (best === undefined || (best instanceof SignatureError && error instanceof DecodeError)) best = error
    }
  throw best
}

const late = Symbol('late')

/** One timer for all that must be done before a push is answered. */
class Deadline {
  readonly #timer: NodeJS.Timeout
  readonly #passed: Promise<typeof late>

  constructor(milliseconds: number) {
    let pass: (value: typeof late) => void
    this.#passed = new Promise((resolve) => (pass = resolve))
    this.#timer = setTimeout(() => {
      pass(late)
    }, milliseconds)
  }

  race<T>(work: Promise<T>): Promise<T | typeof late> {
    return Promise.race([work, this.#passed])
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}
