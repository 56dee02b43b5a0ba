import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from '../log.js'
import { looksLikePush, StrayPushes, type PushReceiver, type PushReply } from '../webhook/index.js'
import type { Phase } from './closing.js'
import { answerTo } from '../http/error-form.js'
import { knownErrors } from './known-errors.js'
import { PUSH_PATH } from './metered.js'

export interface PushEndpointOptions {
  readonly receive: PushReceiver
  /** Answers what is no push. */
  readonly next: (req: IncomingMessage, res: ServerResponse) => unknown
  readonly phase: () => Phase
  readonly logger: Logger
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Answers pushes before Koa is asked: its context and its middleware cost as much as to decrypt a push. */
export function pushEndpoint({
  receive,
  next,
  phase,
  logger,
  now,
}: PushEndpointOptions): (req: IncomingMessage, res: ServerResponse) => void {
  const stray = new StrayPushes({
    logger,
    now,
    right: `${PUSH_PATH}/APPID, with an AppID that was added here`,
  })
  return (req, res) => {
    const { method = 'GET', url = '/' } = req
    const mark = url.indexOf('?')
    const path = mark < 0 ? url : url.slice(0, mark)
    const replying = receive({ method, path, querystring: mark < 0 ? '' : url.slice(mark + 1), req })
    if (!replying) {
      if (looksLikePush(mark < 0 ? '' : url.slice(mark + 1)))
        res.once('finish', () => {
          if (res.statusCode === 404) stray.note(method, path)
        })
      next(req, res)
      return
    }
    replying
      .catch((err: unknown) => {
        const { status, code, message } = answerTo(err, knownErrors)
        logger.error({ err, method, path, status }, 'a request failed')
        const body = JSON.stringify({ error: { code, message } })
        return { status, body, contentType: 'application/json', headers: {} }
      })
      .then((reply) => {
        write(res, reply, phase() === 'stopping')
      })
      .catch((err: unknown) => {
        logger.debug({ err }, 'an answer could not be delivered')
        res.destroy()
      })
  }
}

function write(res: ServerResponse, { status, body, contentType, headers }: PushReply, last: boolean): void {
  res
    .writeHead(status, {
      'Content-Type': `${contentType}; charset=utf-8`,
      'Content-Length': Buffer.byteLength(body),
      'X-Content-Type-Options': 'nosniff',
      ...headers,
      // The next request goes to another process.
      ...(last ? { Connection: 'close' } : {}),
    })
    .end(body)
}
