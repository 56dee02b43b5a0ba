import type { IncomingMessage } from 'node:http'
import { parse as parseQuery } from 'node:querystring'
import type { Accepted, Bot } from '../bot/index.js'
import { ConfigError, DecodeError, SignatureError } from '../errors.js'
import { consoleLogger, type Logger } from '../log.js'
import {
  encodeAnswer,
  limits,
  PushBody,
  pushDecoder,
  verifyUrl,
  type Answer,
  type Push,
  type PushDecoder,
  type PushQuery,
  type PushSecrets,
  type Unreadable,
} from '../wechat/index.js'
import { boundedWarnings } from '../bounded-lines.js'
import { Deadline, late } from './deadline.js'
import type { Inbox } from './inbox.js'
import { MemoryInbox } from './memory-inbox.js'
import { rawBody } from './raw-body.js'
import {
  appsAt,
  candidates,
  checkOwner,
  forApp,
  lookupOf,
  withoutSlash,
  type AppLookup,
} from './recipient.js'

interface CommonOptions {
  /**
   * The path to answer at; any path when not given, which is right under a router or a mount. With several
   * Mini Programs each is at the path, and at the path followed by its appid.
   */
  readonly path?: string
  /** When to answer a push whose handlers are still at work, in milliseconds; 4500 when not given. WeChat waits 5 s. */
  readonly deadlineMs?: number
  /** Where refused pushes go, with the likely cause: 60 lines a minute, then their count. The console when not given. */
  readonly logger?: Logger
  /** The clock, in milliseconds since 1970: for tests. */
  readonly now?: () => number
  /** Told that the URL was asked for, as when it is saved at mp.weixin.qq.com, and answered. */
  readonly onVerified?: (appId: string, query: PushQuery) => void
  /**
   * Told of each push that is WeChat's and can't be read, once it is safe: it was answered `success`, no handler runs
   * for it, and its `plaintext` is all there is of it.
   */
  readonly onUnreadable?: (push: Push) => void
  /** Told of each request that was refused; without an appid where none can be said. */
  readonly onRefused?: (problem: SignatureError | DecodeError, request: RefusedRequest) => void
}

/** A request that is not shown to be WeChat's, or can't be decrypted. */
export interface RefusedRequest {
  readonly method: string
  readonly appId: string | undefined
  readonly query: PushQuery
  /** How often its body was parsed before it was refused: never where no token made its `signature`. */
  readonly parses: number
}

/** One Mini Program's secrets, several Mini Programs', or a look-up where they come and go. */
export type WebhookOptions = CommonOptions &
  (PushSecrets | { readonly apps: readonly PushSecrets[] | AppLookup })

const DEADLINE_MS = 4500
const WECHAT_WAITS_MS = limits.pushTimeoutSeconds * 1000

/** A request as far as pushes need it, whatever serves it. */
export interface PushRequest {
  /** Node's request, whose stream is the body. */
  readonly req: IncomingMessage
  /** `req.method` when not given. */
  readonly method?: string
  /** Without the query; that of `req.url` when not given. */
  readonly path?: string
  /** The query, without its question mark; that of `req.url` when not given. */
  readonly querystring?: string
  /** Where a body parser in front may have kept the body, as `rawBody` or `body`: Koa's `ctx.request`. `req` when not given. */
  readonly parsed?: object
}

/** The response to WeChat, or to whoever it was. */
export interface PushReply {
  readonly status: number
  readonly body: string
  /** Without a charset; the body is UTF-8. */
  readonly contentType: string
  readonly headers: Readonly<Record<string, string>>
}

/** Answers one request; undefined at once when its path is nobody's. Rejects with what nobody expected. */
export type PushReceiver = (request: PushRequest) => Promise<PushReply> | undefined

type FullRequest = Required<Omit<PushRequest, 'parsed'>> & Pick<PushRequest, 'parsed'>

/**
 * Answers WeChat for any server that is made of Node's requests: GET with the echostr, POST with what the bot decides, in
 * time. Each push is verified, decrypted, known if it is a repeat, and handled in its conversation's order.
 * Throws ConfigError when the options can't work.
 */
export function pushReceiver(
  target: Bot | Inbox,
  options: CommonOptions & PushSecrets & { readonly path?: undefined },
): (request: PushRequest) => Promise<PushReply>
export function pushReceiver(target: Bot | Inbox, options: WebhookOptions): PushReceiver
export function pushReceiver(target: Bot | Inbox, options: WebhookOptions): PushReceiver {
  const inbox = 'accept' in target ? target : new MemoryInbox(target)
  const lookup = lookupOf('apps' in options ? options.apps : [options])
  const { deadlineMs = DEADLINE_MS, now = Date.now } = options
  // Anybody can have a push refused, as often as they like.
  const logger = boundedWarnings({
    logger: options.logger ?? consoleLogger,
    now,
    summary: 'further pushes were refused, or could not be read, within a minute',
  })
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

  return (given) => {
    const request = fullRequest(given)
    const here = appsAt(withoutSlash(request.path), path, lookup)
    if (here.length > 0) return answerTo(request, here)
    return undefined
  }

  async function answerTo(request: FullRequest, here: readonly PushSecrets[]): Promise<PushReply> {
    try {
      if (request.method === 'POST') return await receive(request, here)
      if (request.method !== 'GET') return reply(405, 'method not allowed', { Allow: 'GET, POST' })
      const query = parseQuery(request.querystring)
      const verified = forApp(here, (app) => verifyUrl(query, app, now()))
      if ('error' in verified) return refuse(request, verified.error, verified.appId)
      options.onVerified?.(verified.app.appId, query)
      return reply(200, verified.value)
    } catch (error) {
      return refuse(request, error)
    }
  }

  async function receive(request: FullRequest, here: readonly PushSecrets[]): Promise<PushReply> {
    // Not Koa's ctx.query, which keeps each query string that it has met: no two pushes have the same.
    const query = parseQuery(request.querystring)
    const deadline = new Deadline(deadlineMs)
    let body: PushBody | undefined
    try {
      const bytes = await deadline.race(rawBody(request.req, request.parsed))
      if (bytes === late) throw new DecodeError('format', 'The push’s body did not arrive in time.')
      const pushed = (body = new PushBody(bytes))
      if (pushed.isTooLarge) throw pushed.tooLarge()
      const found = candidates(here, query, now())
      if ('error' in found) return refuse(request, found.error, found.appId)
      const decoded = forApp(found.fitting, (app) => decoderOf(app)(pushed, query, now()))
      if ('error' in decoded) return refuse(request, decoded.error, decoded.appId, body.parses)
      const { app, value: push } = decoded
      checkOwner(push, app, here)
      const answer = await answerFor(push, deadline)
      if (answer === undefined) return reply(500, 'try again')
      const encoded = encodeAnswer(answer, push, app, now())
      return { ...reply(200, encoded.body), contentType: encoded.contentType }
    } catch (error) {
      return refuse(request, error, undefined, body?.parses)
    } finally {
      deadline.clear()
    }
  }

  /** Says why, and nothing of what was in it. */
  function tellUnreadable(push: Push, { problem }: Unreadable): void {
    const fields = { appId: push.appId, pushId: push.id }
    logger.warn(fields, `a push of WeChat can’t be read and is kept as it came: ${problem}`)
    options.onUnreadable?.(push)
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
    const { run, repeat } = accepted
    if (push.unreadable && repeat !== true) tellUnreadable(push, push.unreadable)
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

  function refuse(request: FullRequest, error: unknown, appId?: string, parses = 0): PushReply {
    const { method, querystring, req } = request
    const fields = { method, ...(appId === undefined ? {} : { appId }) }
    if (error instanceof ConfigError) {
      logger.error(fields, error.message)
      return reply(500, 'misconfigured')
    }
    if (!(error instanceof SignatureError || error instanceof DecodeError)) throw error
    const refusal = refusalOf(error, req)
    logger.warn({ ...fields, status: refusal.status, code: error.code, docs: error.docs }, error.message)
    options.onRefused?.(error, { method, appId, query: parseQuery(querystring), parses })
    return refusal
  }
}

function refusalOf(error: SignatureError | DecodeError, req: IncomingMessage): PushReply {
  if (error instanceof SignatureError) return reply(403, 'forbidden')
  // The rest of the body is not worth reading.
  const headers = req.complete ? {} : { Connection: 'close' }
  return error.code === 'too_large' ? reply(413, 'too large', headers) : reply(400, 'bad request', headers)
}

function reply(status: number, body: string, headers: PushReply['headers'] = {}): PushReply {
  return { status, body, contentType: 'text/plain', headers }
}

/** The request with what the host did not tell read from Node's. */
function fullRequest(given: PushRequest): FullRequest {
  if (isFull(given)) return given
  const { req } = given
  const url = req.url ?? '/'
  const mark = url.indexOf('?')
  return {
    method: req.method ?? 'GET',
    path: mark === -1 ? url : url.slice(0, mark),
    querystring: mark === -1 ? '' : url.slice(mark + 1),
    ...given,
  }
}

function isFull(given: PushRequest): given is FullRequest {
  return given.method !== undefined && given.path !== undefined && given.querystring !== undefined
}
